//! `[[routes]]` and `[[rewrites]]`: what a configuration puts before files and handlers.
//!
//! Among the routes that match a path and take its method the most specific wins ([`Pattern::specificity`]); of equals
//! one that names methods comes first, then the one that is written first. `GET` takes HEAD too.

mod pattern;
mod rewrites;

pub use pattern::{Pattern, PatternError};
pub use rewrites::Rewrites;

use super::options::{Route, Target};
use crate::exchange::RouteMatch;

/// All routes, ready to be matched.
#[derive(Clone, Debug, Default)]
pub struct Routes(Vec<Compiled>);

#[derive(Clone, Debug)]
struct Compiled {
    methods: Vec<String>,
    pattern: Pattern,
    target: Target,
}

/// What the routes say about a request.
#[derive(Debug)]
pub(super) enum Lookup<'a> {
    /// This answers.
    Target(&'a Target, &'a Pattern, RouteMatch),
    /// Routes match the path, but for these methods only.
    OtherMethods(Vec<&'a str>),
    /// No route matches.
    None,
}

impl Routes {
    /// Takes all paths apart.
    ///
    /// # Errors
    /// The first route whose path is none.
    pub(super) fn new(routes: &[Route]) -> Result<Self, (&Route, PatternError)> {
        let mut compiled = Vec::with_capacity(routes.len());
        for route in routes {
            let pattern = Pattern::parse(&route.path).map_err(|error| (route, error))?;
            compiled.push(Compiled { methods: route.methods.clone(), pattern, target: route.target.clone() });
        }
        compiled.sort_by(|one, other| {
            let for_all = |route: &Compiled| route.methods.is_empty();
            one.pattern.specificity(&other.pattern).then(for_all(one).cmp(&for_all(other)))
        });
        Ok(Self(compiled))
    }

    pub(super) fn find(&self, method: &[u8], path: &[u8]) -> Lookup<'_> {
        let mut others = Vec::new();
        for route in &self.0 {
            let Some(matched) = route.pattern.matches(path) else { continue };
            if takes(&route.methods, method) {
                return Lookup::Target(&route.target, &route.pattern, matched);
            }
            others.extend(route.methods.iter().map(String::as_str));
        }
        if others.is_empty() { Lookup::None } else { Lookup::OtherMethods(others) }
    }
}

/// Whether a list of methods, empty for all, has `method`.
fn takes(methods: &[String], method: &[u8]) -> bool {
    let has = |wanted: &[u8]| methods.iter().any(|taken| taken.as_bytes() == wanted || taken == "*");
    methods.is_empty() || has(method) || (method == b"HEAD" && has(b"GET"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(rows: &[(&[&str], &str, u16)]) -> Routes {
        let route = |(methods, path, status): &(&[&str], &str, u16)| Route {
            methods: methods.iter().map(|method| (*method).to_owned()).collect(),
            path: (*path).to_owned(),
            target: Target::Status(*status),
        };
        let all: Vec<_> = rows.iter().map(route).collect();
        Routes::new(&all).unwrap()
    }

    fn status(routes: &Routes, method: &str, path: &str) -> u16 {
        match routes.find(method.as_bytes(), path.as_bytes()) {
            Lookup::Target(Target::Status(status), ..) => *status,
            other => panic!("{method} {path}: {other:?}"),
        }
    }

    #[test]
    fn the_most_specific_route_that_takes_the_method_answers() {
        let routes = routes(&[
            (&[], "/*", 201),
            (&[], "/a/{x}", 202),
            (&[], "/a/b", 203),
            (&["POST"], "/a/b", 204),
            (&[], "/a/b", 205),
            (&["PUT"], "/a/c", 206),
        ]);
        for (method, path, expected) in [
            ("GET", "/", 201),
            ("GET", "/a/x", 202),
            ("GET", "/a/b", 203),
            ("POST", "/a/b", 204),
            ("PUT", "/a/c", 206),
            ("GET", "/a/c", 202),
        ] {
            assert_eq!(status(&routes, method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_path_without_the_method_names_those_it_has() {
        let routes = routes(&[(&["GET"], "/a", 200), (&["POST", "PUT"], "/{x}", 200)]);
        assert_eq!(status(&routes, "HEAD", "/a"), 200);
        let Lookup::OtherMethods(methods) = routes.find(b"DELETE", b"/a") else { panic!("DELETE is taken") };
        assert_eq!(methods, ["GET", "POST", "PUT"]);
        assert!(matches!(routes.find(b"get", b"/a"), Lookup::OtherMethods(_)));
        assert!(matches!(routes.find(b"GET", b"/a/b"), Lookup::None));
    }

    #[test]
    fn a_bad_path_is_named() {
        let bad = Route { methods: Vec::new(), path: "/{".to_owned(), target: Target::Status(200) };
        let (route, error) = Routes::new(std::slice::from_ref(&bad)).unwrap_err();
        assert_eq!((route, error), (&bad, PatternError::Unbalanced));
    }
}
