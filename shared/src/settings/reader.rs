//! Reading variables: what is missing or wrong is gathered, so that one message names it all.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::environment::Environment;

/// Every fault of a configuration, one per line, each with the variable's name.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigurationFaults(pub(super) Vec<String>);

impl fmt::Display for ConfigurationFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} fault(s):", self.0.len())?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for ConfigurationFaults {}

/// Reads variables and gathers what is wrong with them.
pub(crate) struct Reader<'a> {
    pub(super) environment: &'a Environment,
    pub(super) faults: Vec<String>,
}

impl Reader<'_> {
    /// A variable that must be there and parse. The placeholder stands in until the faults are reported.
    pub(super) fn parse<T>(&mut self, name: &str, placeholder: T, parse: impl Fn(&str) -> Result<T, String>) -> T {
        if self.environment.get(name).is_none() {
            self.faults.push(format!("{name}: is missing"));
            return placeholder;
        }
        self.or(name, placeholder, parse)
    }

    pub(crate) fn or<T>(&mut self, name: &str, default: T, parse: impl Fn(&str) -> Result<T, String>) -> T {
        match self.environment.get(name).map(parse) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(fault)) => {
                self.faults.push(format!("{name}: {fault}"));
                default
            }
        }
    }

    pub(super) fn required(&mut self, name: &str) -> String {
        self.parse(name, String::new(), |text| Ok(text.to_owned()))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.environment.get(name).is_some()
    }

    /// A whole number within a range.
    pub(crate) fn number<T>(&mut self, name: &str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + fmt::Display,
    {
        let fault = format!("must be a whole number from {} to {}", range.start(), range.end());
        self.or(name, default, |text| {
            text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| fault.clone())
        })
    }

    /// A fault that only several variables together make.
    pub(crate) fn fault(&mut self, name: &str, what: &str) {
        self.faults.push(format!("{name}: {what}"));
    }

    pub(crate) fn list<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let text = self.environment.get(name).unwrap_or_default();
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let (values, faults): (Vec<_>, Vec<_>) =
            items.map(|item| parse(item).map_err(|fault| format!("{name}: {item:?} {fault}"))).partition(Result::is_ok);
        self.faults.extend(faults.into_iter().filter_map(Result::err));
        values.into_iter().filter_map(Result::ok).collect()
    }
}
