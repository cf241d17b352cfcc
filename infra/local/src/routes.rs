//! Which function a request goes to: API Gateway's rules for the routes of an HTTP API.
//!
//! A literal path beats one with parameters, that beats `$default`. Paths are matched as they were sent: what is encoded
//! differently is a different path. Parameters are decoded.

use std::collections::BTreeMap;

use template::Template;

/// The routes of a template.
pub(crate) struct Routes {
    routes: Vec<Route>,
}

#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The function's binary.
    pub(crate) function: String,
}

/// Where a request goes, and what its path said.
pub(crate) struct Match<'a> {
    pub(crate) route: &'a Route,
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Routes {
    pub(crate) fn of(template: &Template) -> Self {
        let routes = template.functions.iter().flat_map(|function| {
            function.routes.iter().map(|route| Route {
                method: route.method.clone(),
                path: route.path.clone(),
                function: function.binary.clone(),
            })
        });
        Self { routes: routes.collect() }
    }

    pub(crate) fn all(&self) -> &[Route] {
        &self.routes
    }

    pub(crate) fn find(&self, method: &str, path: &str) -> Option<Match<'_>> {
        let candidates = self.routes.iter().filter(|route| route.method == method || route.method == template::ANY);
        let matches = candidates.filter_map(|route| Some(Match { route, parameters: parameters(&route.path, path)? }));
        matches.min_by_key(|found| (found.route.path == template::DEFAULT, found.parameters.len()))
    }
}

impl Route {
    /// As API Gateway names it: `POST /auth/login`, or `$default`.
    pub(crate) fn key(&self) -> String {
        if self.path == template::DEFAULT { self.path.clone() } else { format!("{} {}", self.method, self.path) }
    }
}

/// The path's parameters, if it matches.
fn parameters(pattern: &str, path: &str) -> Option<BTreeMap<String, String>> {
    if pattern == template::DEFAULT {
        return Some(BTreeMap::new());
    }
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    let mut parameters = BTreeMap::new();
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return Some(parameters),
            (Some(wanted), Some(found)) => match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) if !found.is_empty() => parameters.insert(name.to_owned(), decode(found)?),
                None if wanted == found => None,
                _ => return None,
            },
            _ => return None,
        };
    }
}

/// Undoes percent-encoding; `None` for what is not UTF-8 then.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).filter(|_| byte == b'%');
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let route = |method: &str, path: &str, function: &str| Route {
            method: method.to_owned(),
            path: path.to_owned(),
            function: function.to_owned(),
        };
        Routes {
            routes: vec![
                route("ANY", "$default", "fallback"),
                route("GET", "/a/{x}", "parameter"),
                route("GET", "/a/b", "literal"),
                route("POST", "/a/b", "post"),
            ],
        }
    }

    fn function(method: &str, path: &str) -> String {
        routes().find(method, path).unwrap().route.function.clone()
    }

    #[test]
    fn the_most_precise_route_wins() {
        assert_eq!(function("GET", "/a/b"), "literal");
        assert_eq!(function("GET", "/a/c"), "parameter");
        assert_eq!(function("POST", "/a/b"), "post");
    }

    #[test]
    fn case_294_other_spellings_of_a_path_are_other_paths() {
        for path in ["/a/b/", "//a/b", "/A/b", "/a", "/a/", "/%61/b", "/a/b/c", "/"] {
            assert_eq!(function("POST", path), "fallback", "{path}");
        }
    }

    #[test]
    fn parameters_are_decoded() {
        assert_eq!(routes().find("GET", "/a/x%2Fy%20z").unwrap().parameters["x"], "x/y z");
        assert!(decode("%ff").is_none());
        assert_eq!(decode("100%").unwrap(), "100%");
    }
}
