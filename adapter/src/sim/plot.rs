//! Draws runs from their JSON lines alone, as SVG.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

/// By recipe, and by figure, the values of all runs.
type Values = BTreeMap<String, BTreeMap<String, Vec<f64>>>;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 330.0;
const RIGHT: f64 = 180.0;
const ROW: f64 = 26.0;
const TOP: f64 = 48.0;

/// One drawing for each recipe among the lines: name and SVG.
///
/// A row is a figure; each run is a dot between the least and the largest value of its row, the
/// bar is the median.
///
/// # Errors
/// The number of the first line that is no run, and why.
pub fn plot(lines: &str) -> Result<Vec<(String, String)>, String> {
    let mut values = Values::new();
    for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        read(line, &mut values).map_err(|why| format!("line {}: {why}", number + 1))?;
    }
    if values.is_empty() {
        return Err("there are no runs to draw".into());
    }
    Ok(values.into_iter().map(|(recipe, rows)| (recipe.clone(), draw(&recipe, &rows))).collect())
}

fn read(line: &str, values: &mut Values) -> Result<(), String> {
    let run: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let version = run.get("version").and_then(Value::as_u64);
    if version != Some(u64::from(super::RUN_VERSION)) {
        return Err(format!("version {} is wanted", super::RUN_VERSION));
    }
    let recipe = run.get("recipe").and_then(Value::as_str).ok_or("it names no recipe")?;
    let figures = run.get("figures").and_then(Value::as_object).ok_or("it has no figures")?;
    let rows = values.entry(recipe.to_owned()).or_default();
    for (name, value) in figures {
        let value = value.as_f64().ok_or_else(|| format!("{name} is no number"))?;
        rows.entry(name.clone()).or_default().push(value);
    }
    Ok(())
}

fn draw(recipe: &str, rows: &BTreeMap<String, Vec<f64>>) -> String {
    let height = TOP + ROW * rows.len() as f64 + 16.0;
    let runs = rows.values().map(Vec::len).max().unwrap_or(0);
    let mut svg = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"12\" y=\"26\" font-size=\"16\">{}: {runs} runs (dots), median (bar)</text>",
        escape(recipe)
    );
    for (at, (name, values)) in rows.iter().enumerate() {
        row(&mut svg, TOP + ROW * at as f64, name, values);
    }
    svg.push_str("</svg>\n");
    svg
}

fn row(svg: &mut String, top: f64, name: &str, values: &[f64]) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else { return };
    let median = sorted[sorted.len() / 2];
    let scale = |value: f64| {
        let share = if most > least { (value - least) / (most - least) } else { 0.5 };
        LEFT + share * (WIDTH - LEFT - RIGHT)
    };
    let middle = top + ROW / 2.0;
    let _ = writeln!(
        svg,
        "<text x=\"12\" y=\"{:.1}\">{}</text>\n\
         <line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\" stroke=\"#ccc\"/>",
        middle + 4.0,
        escape(name),
        WIDTH - RIGHT
    );
    for value in &sorted {
        let x = scale(*value);
        let _ = writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{middle:.1}\" r=\"3\" fill=\"#27c\" opacity=\"0.35\"/>"
        );
    }
    let x = scale(median);
    let _ = writeln!(
        svg,
        "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"#c22\" \
         stroke-width=\"2\"/>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\">{} … {} … {}</text>",
        middle - 8.0,
        middle + 8.0,
        WIDTH - RIGHT + 10.0,
        middle + 4.0,
        short(*least),
        short(median),
        short(*most)
    );
}

fn short(value: f64) -> String {
    if value.abs() >= 1_000.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
