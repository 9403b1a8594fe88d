//! What can be measured.

/// One thing to measure.
pub struct Case {
    /// Its name in reports and budgets.
    pub name: &'static str,
    /// How many operations one run is: figures are for one of them.
    pub ops: u64,
    /// Bytes of input of one run, for throughput; none if it makes no sense.
    pub bytes: usize,
    /// Prepares it.
    pub make: fn() -> Run,
}

impl Case {
    /// True if it takes minutes: it is run only where it is named.
    pub fn is_long(&self) -> bool {
        self.name.starts_with("long_")
    }
}

/// A prepared case.
pub enum Run {
    /// May be run again and again.
    Again(Box<dyn FnMut()>),
    /// Uses up what it is given, which is made anew, unmeasured, for each run.
    Anew(Box<dyn FnMut() -> Box<dyn FnOnce()>>),
}

impl Run {
    /// Runs it once, unmeasured.
    pub fn once(&mut self) {
        match self {
            Self::Again(run) => run(),
            Self::Anew(make) => make()(),
        }
    }

    /// Runs it once inside `measure`.
    pub fn measured(&mut self, measure: &mut dyn FnMut(&mut dyn FnMut())) {
        match self {
            Self::Again(run) => measure(run),
            Self::Anew(make) => {
                let mut run = Some(make());
                measure(&mut || {
                    if let Some(run) = run.take() {
                        run();
                    }
                });
            }
        }
    }
}

/// A case that runs `run` on what `make` has made.
pub fn again<T: 'static>(value: T, mut run: impl FnMut(&T) + 'static) -> Run {
    Run::Again(Box::new(move || run(&value)))
}
