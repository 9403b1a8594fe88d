//! A trace as a sequence diagram: SVG written by hand, and Mermaid text.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;
use core::ops::{Range, RangeInclusive};

use serde_json::Value;

use crate::sim::trace::{Kind, Step, Trace, variants};
use crate::time::Time;

/// Longer labels are cut, in characters.
const LABEL: usize = 56;

/// A drawing of a trace: our application, the machine and its peer as columns, time downwards.
///
/// ```
/// use nodewire::sim::{Sequence, Trace};
///
/// let trace: Trace = "{\"trace\":1,\"machine\":\"echo\",\"config\":null,\"shortened\":false}\n\
///     {\"at\":5,\"remote\":{\"Ping\":7},\"actions\":[{\"send\":{\"Pong\":7}}]}".parse().unwrap();
/// let drawing = Sequence::of(&trace).steps(0..10);
/// assert!(drawing.svg().starts_with("<svg"));
/// assert!(drawing.mermaid().contains("P->>M: Ping 7"));
/// ```
#[derive(Clone, Debug)]
pub struct Sequence<'a> {
    trace: &'a Trace,
    steps: Range<usize>,
    times: RangeInclusive<Time>,
}

/// Who an arrow goes from or to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Application,
    Machine,
    Peer,
}

struct Arrow {
    at: Time,
    /// The first arrow of its step: the one that shows the time.
    first: bool,
    from: Column,
    to: Column,
    /// A question, a notice, a refusal: anything but a message or a command.
    dashed: bool,
    label: String,
}

impl<'a> Sequence<'a> {
    /// A drawing of all of a trace.
    #[must_use]
    pub fn of(trace: &'a Trace) -> Self {
        let times = Time::ZERO..=Time::from_micros(u64::MAX);
        Self { trace, steps: 0..usize::MAX, times }
    }

    /// Only these steps, counted from zero.
    #[must_use]
    pub fn steps(mut self, steps: Range<usize>) -> Self {
        self.steps = steps;
        self
    }

    /// Only steps within these times.
    #[must_use]
    pub fn times(mut self, times: RangeInclusive<Time>) -> Self {
        self.times = times;
        self
    }

    /// The drawing as an SVG document, complete in itself.
    #[must_use]
    pub fn svg(&self) -> String {
        let arrows = self.arrows();
        let height = 76 + 26 * arrows.len();
        let mut svg = String::new();
        let _ = writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"960\" height=\"{height}\" \
             viewBox=\"0 0 960 {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <defs><marker id=\"tip\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"4\" \
             orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n\
             <rect width=\"960\" height=\"{height}\" fill=\"white\"/>"
        );
        for column in [Column::Application, Column::Machine, Column::Peer] {
            let (x, foot) = (column.x(), height - 12);
            let name = escaped(self.name(column));
            let _ = writeln!(
                svg,
                "<text x=\"{x}\" y=\"24\" text-anchor=\"middle\" font-weight=\"bold\">{name}</text>\
                 <line x1=\"{x}\" y1=\"34\" x2=\"{x}\" y2=\"{foot}\" stroke=\"#999\"/>"
            );
        }
        for (row, arrow) in arrows.iter().enumerate() {
            arrow.svg(62 + 26 * row, &mut svg);
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// The drawing as a Mermaid sequence diagram.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let mut text = String::from("sequenceDiagram\n");
        for column in [Column::Application, Column::Machine, Column::Peer] {
            let name = plain(self.name(column));
            let _ = writeln!(text, "  participant {} as {name}", column.letter());
        }
        for arrow in self.arrows() {
            let Arrow { at, from, to, dashed, label, .. } = &arrow;
            if arrow.first {
                let _ = writeln!(text, "  Note over M: {at}");
            }
            let line = if *dashed { "-->>" } else { "->>" };
            let (from, to, label) = (from.letter(), to.letter(), plain(label));
            let _ = writeln!(text, "  {from}{line}{to}: {label}");
        }
        text
    }

    fn name(&self, column: Column) -> &str {
        match column {
            Column::Application => "application",
            Column::Machine => self.trace.machine.as_str(),
            Column::Peer => "peer",
        }
    }

    fn arrows(&self) -> Vec<Arrow> {
        let shown =
            |(at, step): &(usize, &Step)| self.steps.contains(at) && self.times.contains(&step.at);
        let steps = self.trace.steps.iter().enumerate().filter(shown);
        steps.flat_map(|(_, step)| arrows_of(step)).collect()
    }
}

impl Column {
    const fn x(self) -> usize {
        match self {
            Self::Application => 170,
            Self::Machine => 500,
            Self::Peer => 830,
        }
    }

    const fn letter(self) -> char {
        match self {
            Self::Application => 'A',
            Self::Machine => 'M',
            Self::Peer => 'P',
        }
    }
}

impl Arrow {
    fn svg(&self, y: usize, svg: &mut String) {
        let dash = if self.dashed { " stroke-dasharray=\"4 3\"" } else { "" };
        let label = escaped(&self.label);
        if self.first {
            let _ = write!(svg, "<text x=\"8\" y=\"{y}\" fill=\"#666\">{}</text>", self.at);
        }
        let (from, to) = (self.from.x(), self.to.x());
        let (middle, above) = (usize::midpoint(from, to), y - 5);
        let _ = if from == to {
            writeln!(svg, "<text x=\"{}\" y=\"{y}\" font-style=\"italic\">{label}</text>", from + 8)
        } else {
            writeln!(
                svg,
                "<line x1=\"{from}\" y1=\"{y}\" x2=\"{to}\" y2=\"{y}\" stroke=\"black\"{dash} \
                 marker-end=\"url(#tip)\"/><text x=\"{middle}\" y=\"{above}\" \
                 text-anchor=\"middle\">{label}</text>"
            )
        };
    }
}

fn arrows_of(step: &Step) -> Vec<Arrow> {
    use Column::{Application, Machine, Peer};
    let arrow =
        |from, to, dashed, label| Arrow { at: step.at, first: false, from, to, dashed, label };
    let input = label(&step.input);
    let mut arrows = Vec::from([match step.kind {
        Kind::Local => arrow(Application, Machine, false, input),
        Kind::Remote => arrow(Peer, Machine, false, input),
        Kind::Timeout => arrow(Machine, Machine, false, "timeout".to_string()),
    }]);
    for action in &step.actions {
        let Ok(Value::Object(fields)) = serde_json::from_str(action) else { continue };
        for (kind, body) in &fields {
            arrows.push(match kind.as_str() {
                "send" => arrow(Machine, Peer, false, label_of(body)),
                "ask" => {
                    let query = body.get("query").map_or(String::new(), label_of);
                    let id = body.get("id").and_then(Value::as_u64).unwrap_or(0);
                    arrow(Machine, Application, true, format!("#{id}? {query}"))
                }
                "close" => arrow(Machine, Machine, true, format!("close: {}", ending(body))),
                _ => arrow(Machine, Application, true, label_of(body)),
            });
        }
    }
    if let Some(refused) = &step.refused {
        let why = serde_json::from_str::<Value>(refused).unwrap_or(Value::Null);
        let text = why.get("text").and_then(Value::as_str).unwrap_or("refused");
        arrows.push(arrow(Machine, Application, true, format!("refused: {text}")));
    }
    if let Some(first) = arrows.first_mut() {
        first.first = true;
    }
    arrows
}

fn ending(body: &Value) -> String {
    let Some(fault) = body.get("fault") else { return label_of(body) };
    let text = |name: &str| fault.get(name).and_then(Value::as_str).unwrap_or_default();
    cut([text("rule"), text("reason"), text("text")].join(" ").trim())
}

fn label(body: &str) -> String {
    serde_json::from_str(body).map_or_else(|_| cut(body), |body| label_of(&body))
}

/// The names of the variants, the innermost two of them, and what fits of the contents.
fn label_of(body: &Value) -> String {
    if let Some(short) = body.get("short") {
        let name = short.get("name").and_then(Value::as_str).unwrap_or("body");
        let length = short.get("length").and_then(Value::as_u64).unwrap_or(0);
        let names: Vec<_> = name.split('.').collect();
        return cut(&format!("{} ({length} characters)", innermost(&names)));
    }
    match variants(body) {
        (names, None) => cut(&innermost(&names)),
        (names, Some(inner)) if names.is_empty() => cut(&contents(inner)),
        (names, Some(inner)) => cut(&format!("{} {}", innermost(&names), contents(inner))),
    }
}

fn contents(body: &Value) -> String {
    match body {
        Value::String(text) => text.clone(),
        Value::Object(fields) if fields.len() == 1 => {
            let shown = |(name, inner)| format!("{name} {inner}");
            fields.iter().next().map(shown).unwrap_or_default()
        }
        other => other.to_string(),
    }
}

fn innermost(names: &[&str]) -> String {
    names.get(names.len().saturating_sub(2)..).unwrap_or_default().join(".")
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LABEL {
        return text.to_string();
    }
    text.chars().take(LABEL - 1).chain(['…']).collect()
}

/// Text for SVG: nothing in it can end an element or an attribute, and no character is forbidden.
fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// Text for Mermaid: what would end a statement or begin an entity is replaced.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, ';' | '#') { ' ' } else { c }).collect()
}
