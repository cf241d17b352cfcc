//! What becomes of lines, good and bad.

use std::cell::Cell;
use std::rc::Rc;

use super::*;

fn csv(text: &'static str) -> Result<Vec<Line>, Failure> {
    all(Lines::Csv(CsvLines::open(Box::new(text.as_bytes()))?))
}

fn json(text: String) -> Vec<Line> {
    let reader: Box<dyn Read> = Box::new(io::Cursor::new(text));
    all(Lines::Json { reader: BufReader::new(reader), number: 0 }).unwrap()
}

fn all(mut lines: Lines) -> Result<Vec<Line>, Failure> {
    let mut read = Vec::new();
    while let Some(line) = lines.next()? {
        read.push(line);
    }
    Ok(read)
}

fn codes(lines: &[Line]) -> Vec<(u64, &str)> {
    let code = |line: &Line| line.record.as_ref().err().map_or("", |reject| reject.code);
    lines.iter().map(|line| (line.number, code(line))).collect()
}

#[test]
fn client_6_a_bad_line_is_named_and_the_next_one_is_read() {
    let long = format!("{{\"email\":\"{}\"}}", "a".repeat(70_000));
    let text =
        format!("{{\"email\":\"a@example.com\"}}\n\n{{\"mail\":\"b\"}}\n{long}\n{{\"email\":\"c@example.com\"}}");
    assert_eq!(codes(&json(text)), [(1, ""), (3, "malformed"), (4, "too_long"), (5, "")]);
    let text = "\u{feff}email,name,emailVerified,roles\r\na@example.com,\"A, B\",true,owner support\r\nb@example.com,B\r\nc@example.com,C,maybe,\r\n";
    let lines = csv(text).unwrap();
    assert_eq!(codes(&lines), [(2, ""), (3, "malformed"), (4, "malformed")]);
    let Ok(record) = &lines[0].record else { panic!("a good line") };
    assert_eq!((record.name.as_deref(), record.email_verified), (Some("A, B"), true));
    assert_eq!(record.roles.as_deref(), Some(&["owner".to_owned(), "support".to_owned()][..]));
}

#[test]
fn client_6_what_a_reject_says_quotes_no_value_and_a_mark_before_the_first_line_is_none() {
    let text = "\u{feff}{\"email\":\"a@example.com\"}\n{\"emailVerified\":\"$2b$05$abc\"}\n{\"passwort\":1}\n";
    let lines = json(text.to_owned());
    assert_eq!(codes(&lines), [(1, ""), (2, "malformed"), (3, "malformed")]);
    let reason = |line: &Line| line.record.as_ref().err().map(|reject| reject.reason.clone()).unwrap();
    assert!(!reason(&lines[1]).contains("$2b"), "{}", reason(&lines[1]));
    assert!(reason(&lines[2]).contains("unknown field `passwort`"), "{}", reason(&lines[2]));
    let contested = csv("email,contested\na@example.com,true\n").unwrap();
    assert!(contested[0].record.as_ref().is_ok_and(|record| record.contested));
}

#[test]
fn client_6_columns_that_are_misspelt_or_twice_or_missing_stop_the_import() {
    for text in ["email,password_hash\n", "email,email\n", "name\n", ""] {
        assert!(csv(text).is_err_and(|failure| failure.exit == crate::exit::Exit::Usage), "{text:?}");
    }
}

#[test]
fn client_6_a_quotation_mark_that_nobody_closed_does_not_eat_the_rest() {
    let text = "email,name\na@example.com,\"A\nb@example.com,B\nc@example.com,C\nd@example.com,D\ne@example.com,E\nf@example.com,F\n";
    assert!(csv(text).is_err_and(|failure| failure.message.starts_with("line 2 ")));
}

#[test]
fn client_6_lines_between_two_stray_quotation_marks_are_all_named() {
    let text = "email,name\na@example.com,\"A\nb@example.com,B\nc@example.com,C\"\nd@example.com,D\n";
    assert_eq!(codes(&csv(text).unwrap()), [(2, "malformed"), (3, "malformed"), (4, "malformed"), (5, "")]);
}

#[test]
fn client_6_a_cell_without_an_end_is_not_read_to_the_end_of_the_file() {
    struct Endless(u64, Rc<Cell<u64>>);
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let head: &[u8] = b"email,name\na@example.com,A\nb@example.com,\"B";
            let rest = &head[head.len().min(self.0 as usize)..];
            let length = if rest.is_empty() { buffer.len() } else { rest.len() };
            buffer[..length].fill(b'x');
            buffer[..rest.len()].copy_from_slice(rest);
            self.0 += length as u64;
            self.1.set(self.0);
            Ok(length)
        }
    }
    let read = Rc::new(Cell::new(0));
    let mut lines = CsvLines::open(Box::new(Endless(0, read.clone()))).unwrap();
    assert!(lines.next().unwrap().is_some_and(|line| line.record.is_ok()));
    let Err(failure) = lines.next() else { panic!("it has no end") };
    assert!(failure.message.starts_with("line 3 "), "{}", failure.message);
    assert!(read.get() < 4 * LONGEST, "{} bytes", read.get());
}
