//! Modules of host functions, such as `frame::`: their errors get the place of the call, which Rhai gives to those of
//! other functions only.

use rhai::{Dynamic, Engine, FuncRegistration, Module, NativeCallContext, RhaiFunc, RhaiNativeFunc, Shared, Variant};

/// A module under construction.
#[derive(Default)]
pub struct Functions(Module);

impl Functions {
    /// Adds a function.
    pub fn add<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(&mut self, name: &str, function: FUNC)
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + 'static,
    {
        let function = match function.into_rhai_function(true, true) {
            RhaiFunc::Pure { func, is_pure, is_volatile, .. } => {
                let func =
                    Shared::new(move |context: Option<NativeCallContext<'_>>, arguments: &mut [&mut Dynamic]| {
                        let position = context.as_ref().map(NativeCallContext::call_position);
                        func(context, arguments).map_err(|mut error| {
                            if let Some(position) = position
                                && error.position().is_none()
                            {
                                error.set_position(position);
                            }
                            error
                        })
                    });
                RhaiFunc::Pure { func, has_context: true, is_pure, is_volatile }
            }
            other => other,
        };
        FuncRegistration::new(name).set_into_module_raw(&mut self.0, FUNC::param_types(), function);
    }

    /// Adds a constant.
    pub fn constant(&mut self, name: &str, value: impl Variant + Clone) {
        self.0.set_var(name, value);
    }

    /// Gives the module to an engine, as `name::`.
    pub fn register(self, engine: &mut Engine, name: &str) {
        engine.register_static_module(name, self.0.into());
    }
}
