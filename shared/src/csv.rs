//! CSV (RFC 4180) in which nothing is a formula: text of strangers is in it (case 271).

/// Adds a row. Each cell stands in quotation marks; what begins like a formula begins with an apostrophe instead.
pub fn write_row<'a>(text: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_cell(text, cell);
    }
    text.push_str("\r\n");
}

fn write_cell(text: &mut String, cell: &str) {
    text.push('"');
    if is_formula(cell) {
        text.push('\'');
    }
    for character in cell.chars() {
        match character {
            '"' => text.push_str("\"\""),
            // Some readers end a text here.
            '\0' => text.push('\u{fffd}'),
            _ => text.push(character),
        }
    }
    text.push('"');
}

/// What spreadsheets take for a formula, also behind space that they strip, and in the wide forms of East Asian keyboards.
fn is_formula(cell: &str) -> bool {
    let is_sign = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    cell.starts_with(['\t', '\r', '\n', '\0']) || cell.trim_start().starts_with(is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_271_no_cell_is_a_formula() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1", " =1", "\u{a0}=1", "＝1", "\n=1"] {
            let mut text = String::new();
            write_cell(&mut text, bad);
            assert!(text.starts_with("\"'") && !text.contains('\0'), "{text:?}");
        }
    }

    #[test]
    fn a_row_is_what_rfc_4180_says() {
        let mut text = String::new();
        write_row(&mut text, ["a, \"b\"", "", "c\r\nd"]);
        assert_eq!(text, "\"a, \"\"b\"\"\",\"\",\"c\r\nd\"\r\n");
    }
}
