//! The names of the server as its user has to know them: lines for a hosts file, a look at start whether they lead here.

use super::profiles;
use crate::config::{Config, Hosts, hosts};
use crate::net::lookup;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;
use tokio::task::JoinSet;

/// A resolver that has not answered by then counts as one that says no.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(3);

/// The lines of a hosts file for a configuration, and a comment if nobody needs them.
pub fn hosts_file(config: &Config, address: Option<IpAddr>) -> String {
    let hosts = Hosts::of(config);
    let reached_at = hosts::reached_at(config.bind_address.value);
    let here = address.is_none_or(|address| address == reached_at) && reached_at.is_loopback();
    let comment = if hosts.in_need_of_set_up().is_empty() && here {
        "# Browsers need none of these lines: they resolve names below localhost to this machine by themselves.\n\
         # Other programs may need them.\n"
    } else {
        ""
    };
    let address = address.unwrap_or(reached_at);
    format!("{comment}{}{}", hosts.file(address), profile_lines(config, address))
}

/// The lines for the hosts of profiles, which each HTTP/2 connection of a profile needs.
fn profile_lines(config: &Config, address: IpAddr) -> String {
    if config.browser_host.parse::<IpAddr>().is_ok() {
        return String::new();
    }
    let lines: String = profiles::hosts(config).iter().map(|host| format!("{address}\t{host}\n")).collect();
    format!("# Start wireserve profiles\n{lines}# End wireserve profiles\n")
}

/// Looks whether the names lead here, if the configuration wants that, and says so in the log if they do not.
/// wptserve refuses to start instead; a browser may know the names all the same.
pub async fn check_subdomains(config: Config) {
    for text in name_warnings(&config).await {
        tracing::warn!("{text}");
    }
}

async fn name_warnings(config: &Config) -> Vec<String> {
    let (hosts, bound) = (Hosts::of(config), config.bind_address.value);
    let in_need = hosts.in_need_of_set_up();
    if !config.check_subdomains.value || in_need.is_empty() {
        return Vec::new();
    }
    let not_domains: Vec<&str> = hosts.not_domains_set().into_iter().filter(|name| !hosts::is_local(name)).collect();
    let (found, unwanted) = tokio::join!(resolve(&in_need), resolve(&not_domains));
    let leads_here = |name: &str| {
        let addresses = found.get(name).into_iter().flatten();
        addresses.into_iter().any(|address| lookup::is_here(*address, bound))
    };
    let astray: Vec<&str> = in_need.iter().copied().filter(|name| !leads_here(name)).collect();
    let unwanted = unwanted.iter().find_map(|(name, addresses)| {
        let address = addresses.first()?;
        Some(format!("{name} must not resolve, but leads to {address}: tests that rely on it will fail"))
    });
    astray_names(&astray, in_need.len(), hosts::reached_at(bound)).into_iter().chain(unwanted).collect()
}

fn astray_names(astray: &[&str], of: usize, address: IpAddr) -> Option<String> {
    let first = astray.first()?;
    let how_many = if astray.len() == of { "none".to_owned() } else { format!("only {}", of - astray.len()) };
    Some(format!(
        "{how_many} of the {of} names of this server lead to {address} here (not {first}, for one). A browser that \
         `wireserve open` starts knows them all the same; for others, put what `wireserve hosts` prints into /etc/hosts. \
         check_subdomains = false in wpt.toml ends this warning"
    ))
}

/// Those of `names` that resolve in time, and what to.
async fn resolve(names: &[&str]) -> BTreeMap<String, Vec<IpAddr>> {
    let mut lookups = JoinSet::new();
    for name in names {
        let name = (*name).to_owned();
        lookups.spawn(async move {
            let addresses = lookup::addresses(&name).await;
            (name, addresses)
        });
    }
    let mut found = BTreeMap::new();
    let all = async {
        while let Some(looked_up) = lookups.join_next().await {
            found.extend(looked_up.ok());
        }
    };
    // What is known by then is used.
    let _ = tokio::time::timeout(LOOKUP_TIMEOUT, all).await;
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_need_it_are_told_to_need_it() {
        let lines = hosts_file(&Config::default(), None);
        assert!(lines.starts_with("# Browsers need none of these lines"), "{lines}");
        assert!(lines.contains("\n127.0.0.1\twww.localhost\n") && !lines.contains("nonexistent"), "{lines}");
        assert!(lines.contains("\n127.0.0.1\ttiny-window.conn.localhost\n"), "{lines}");
        let lines = hosts_file(&Config::default(), Some([192, 0, 2, 7].into()));
        assert!(lines.starts_with("# Start ") && lines.contains("\n192.0.2.7\twww.localhost\n"), "{lines}");
    }

    #[test]
    fn what_is_astray_is_told_with_what_to_do() {
        let address = IpAddr::from([127, 0, 0, 1]);
        assert_eq!(astray_names(&[], 2, address), None);
        let text = astray_names(&["a.test"], 2, address).unwrap();
        assert!(text.starts_with("only 1 of the 2 names") && text.contains("a.test"), "{text}");
        assert!(astray_names(&["a.test", "b.test"], 2, address).unwrap().starts_with("none of the 2"));
    }

    #[tokio::test]
    async fn names_are_looked_up_all_at_once() {
        let found = resolve(&["localhost", "nonexistent.invalid"]).await;
        assert!(!found["localhost"].is_empty());
        assert!(found["nonexistent.invalid"].is_empty());
    }

    #[tokio::test]
    async fn name_warnings_are_made_of_names_that_need_set_up_and_if_wanted() {
        assert_eq!(name_warnings(&Config::default()).await, [""; 0]);
        let mut config = Config::default();
        config.browser_host.value = "wireserve.invalid".to_owned();
        config.subdomains.value = vec!["www".to_owned()];
        let told = name_warnings(&config).await;
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("none of the 3 names"), "{told:?}");
        config.check_subdomains.value = false;
        assert_eq!(name_warnings(&config).await, [""; 0]);
    }
}
