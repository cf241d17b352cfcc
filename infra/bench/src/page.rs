//! The pages whose tables are made from the figures and the prices, so that they cannot say anything else.

use std::collections::BTreeMap;
use std::fs;

use template::Template;

use crate::figures::Figures;
use crate::{Fault, bills, loads, root, speed};

/// The pages that have tables of ours, and the names of these.
pub const PAGES: [(&str, &[&str]); 3] = [
    ("docs/costs.md", &["operations", "people", "month", "idle", "speed"]),
    ("docs/scaling.md", &["load"]),
    ("docs/runbooks/quota-increases.md", &["use"]),
];

/// The template as it is deployed in production, with the alarms, the dashboard and the metric filters of the stack in it.
///
/// # Errors
/// When it cannot be read.
pub fn template() -> Result<Template, Fault> {
    let outer = read("template.yaml", &BTreeMap::new())?;
    let mut whole = outer.clone();
    for nested in outer.nested.iter().filter(|nested| nested.logical_id == "Monitoring") {
        let Template { alarms, dashboards, metric_filters, .. } = read(&nested.location, &nested.parameters)?;
        whole = Template { alarms, dashboards, metric_filters, ..whole };
    }
    Ok(whole)
}

fn read(path: &str, parameters: &BTreeMap<String, String>) -> Result<Template, Fault> {
    let path = root().join(path);
    let text = fs::read_to_string(&path).map_err(|error| Fault::File(path, error))?;
    Template::read(&text, parameters, &|id, attribute| Some(format!("{id}.{attribute}")))
        .map_err(|faults| Fault::Figures(faults.to_string()))
}

/// A page with its tables made anew.
///
/// # Errors
/// When it has no marks for them, or the figures lack a row.
pub fn renewed(page: &str, tables: &[&str], figures: &Figures) -> Result<String, Fault> {
    let mut page = page.to_owned();
    for name in tables {
        let table = match *name {
            "operations" => bills::operations(figures)?,
            "people" => bills::people(figures)?,
            "month" => bills::months(figures, &template()?)?,
            "idle" => bills::while_idle(figures, &template()?)?,
            "speed" => speed::table(figures)?,
            "load" => loads::seconds(figures)?,
            "use" => loads::requests(figures)?,
            _ => return Err(Fault::NoTable((*name).to_owned())),
        };
        let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
        let (Some(from), Some(to)) = (page.find(&start), page.find(&end)) else {
            return Err(Fault::NoTable((*name).to_owned()));
        };
        page.replace_range(from + start.len()..to, &format!("\n{table}\n"));
    }
    Ok(page)
}

/// Makes the tables of all pages anew.
///
/// # Errors
/// As [`renewed`], and when a page cannot be read or written.
pub fn renew(figures: &Figures) -> Result<(), Fault> {
    for (page, tables) in PAGES {
        let path = root().join(page);
        let text = fs::read_to_string(&path).map_err(|error| Fault::File(path.clone(), error))?;
        fs::write(&path, renewed(&text, tables, figures)?).map_err(|error| Fault::File(path, error))?;
    }
    Ok(())
}

/// With cents where there are few of them.
pub fn dollars(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { thousands(value) }
}

/// A whole number with commas.
pub fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let first = digits.len() % 3;
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 3 == first {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        let cases = [(7.0, "7"), (1234.4, "1,234"), (999.9, "1,000"), (1e6, "1,000,000"), (12_345.0, "12,345")];
        for (value, text) in cases {
            assert_eq!(thousands(value), text);
        }
        assert_eq!((dollars(1.234), dollars(1234.5)), ("1.23".to_owned(), "1,234".to_owned()));
    }
}
