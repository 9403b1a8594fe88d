//! `nodewire sim`: runs recipes under virtual time and prints what came out.

use std::io::IsTerminal;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nodewire_adapter::sim::{Recipe, Run, Settings, keys, plot, run, set};
use tokio::time::Instant;

use crate::cli::failure::Failure;
use crate::cli::print;

/// What to simulate.
#[derive(Debug, Args)]
pub struct Options {
    /// A recipe's number or name, or all.
    #[arg(long, default_value = "1")]
    recipe: String,
    /// Seeds A..B (B not included), or one: rates and delays vary, one JSON line a run.
    #[arg(long)]
    seed: Option<String>,
    /// Set a limit, a policy, a link or a recipe's parameter: key=value. --keys lists them.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// List every key with its value, and run nothing.
    #[arg(long)]
    keys: bool,
    /// Draw the runs into this folder, one SVG a recipe, from their lines alone.
    #[arg(long, value_name = "DIR")]
    plot: Option<PathBuf>,
    /// Draw the lines of earlier runs in this file instead of running anything.
    #[arg(long, value_name = "FILE", requires = "plot")]
    from: Option<PathBuf>,
}

/// Runs what was asked for.
pub fn leios(options: &Options, json: bool) -> Result<(), Failure> {
    let settings = set(&Settings::default(), &options.set).map_err(Failure::not_begun)?;
    if options.keys {
        return list(&settings, json);
    }
    if let (Some(file), Some(folder)) = (&options.from, &options.plot) {
        let lines = std::fs::read_to_string(file).map_err(|error| Failure::file(file, &error))?;
        return draw(&lines, folder);
    }
    let recipes = Recipe::find(&options.recipe).map_err(Failure::not_begun)?;
    let seeds = options.seed.as_deref().map(seeds).transpose()?;
    let runs = seeds.as_ref().map_or(1, |seeds| seeds.end - seeds.start);
    let progress = Progress::new(runs.saturating_mul(recipes.len() as u64));
    let mut lines = String::new();
    for recipe in &recipes {
        for at in 0..runs {
            let seed = seeds.as_ref().map(|seeds| seeds.start + at);
            progress.at(recipe.name);
            let run = run(recipe, &settings, seed).map_err(Failure::new)?;
            progress.step();
            let line = serde_json::to_string(&run)?;
            progress.around(|| match (json, seed) {
                (false, None) => print(&table(recipe, &run)),
                _ => print(&line),
            })?;
            if options.plot.is_some() {
                lines.push_str(&line);
                lines.push('\n');
            }
        }
    }
    progress.end();
    match &options.plot {
        Some(folder) => draw(&lines, folder),
        None => Ok(()),
    }
}

/// Writes a drawing a recipe and names it on standard error: the lines have standard output.
fn draw(lines: &str, folder: &Path) -> Result<(), Failure> {
    let drawings = plot(lines).map_err(Failure::new)?;
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    for (recipe, svg) in drawings {
        let path = folder.join(format!("{recipe}.svg"));
        std::fs::write(&path, svg).map_err(|error| Failure::file(&path, &error))?;
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}

fn list(settings: &Settings, json: bool) -> Result<(), Failure> {
    if json {
        return print(&serde_json::to_string(settings)?);
    }
    let lines: Vec<String> =
        keys(settings).into_iter().map(|(key, value)| format!("{key}={value}")).collect();
    print(&lines.join("\n"))
}

/// `A..B`, or one number.
fn seeds(text: &str) -> Result<Range<u64>, Failure> {
    let bad = || Failure::not_begun(format!("--seed {text}: it takes A..B, or one number"));
    let number = |text: &str| text.parse::<u64>().map_err(|_| bad());
    let seeds = match text.split_once("..") {
        Some((from, to)) => number(from)?..number(to)?,
        None => number(text).map(|seed| seed..seed.saturating_add(1))?,
    };
    if seeds.is_empty() { Err(bad()) } else { Ok(seeds) }
}

/// The figures: those named `row | column` as a matrix, the others one a line.
fn table(recipe: &Recipe, run: &Run) -> String {
    let mut lines = vec![format!("recipe {}, {}: {}", recipe.number, recipe.name, recipe.about)];
    lines.extend(run.links.iter().map(|link| format!("  link   {link}")));
    let width = run.figures.iter().map(|(name, _)| row(name).0.len()).max().unwrap_or(0);
    let mut columns: Vec<&str> = Vec::new();
    for (_, column) in run.figures.iter().map(|(name, _)| row(name)) {
        if !column.is_empty() && !columns.contains(&column) {
            columns.push(column);
        }
    }
    let titles: String = columns.iter().map(|column| format!("  {column:>12}")).collect();
    if !columns.is_empty() {
        lines.push(format!("  {:width$}{titles}", ""));
    }
    let mut last = "";
    for (name, value) in run.figures.iter() {
        let (name, column) = row(name);
        if column.is_empty() {
            lines.push(format!("  {name:width$}  {value:>12.3}"));
        } else if name != last {
            let cell = |column: &&str| match run.figures.get(&format!("{name} | {column}")) {
                Some(value) => format!("  {value:>12.3}"),
                None => format!("  {:>12}", ""),
            };
            let cells: String = columns.iter().map(cell).collect();
            lines.push(format!("  {name:width$}{cells}"));
        }
        last = name;
    }
    lines.push(format!("  trace  {}", run.trace));
    lines.join("\n")
}

fn row(name: &str) -> (&str, &str) {
    name.split_once(" | ").unwrap_or((name, ""))
}

/// A bar on a terminal's standard error, once it takes longer than a second.
struct Progress {
    bar: ProgressBar,
    since: Instant,
}

impl Progress {
    fn new(runs: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(runs), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{msg} {pos}/{len} {wide_bar} {eta}") {
            bar.set_style(style);
        }
        Self { bar, since: Instant::now() }
    }

    fn at(&self, recipe: &'static str) {
        self.bar.set_message(recipe);
    }

    fn step(&self) {
        let late = self.since.elapsed() >= Duration::from_secs(1);
        if late && self.bar.is_hidden() && std::io::stderr().is_terminal() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(1);
    }

    fn around<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
