//! Progress of long reads on standard error: a line that moves for each stream, and only on a terminal.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use muara_connectors::runner::Progress;

/// How often a line moves while nothing is heard.
const TICK: Duration = Duration::from_millis(120);

/// The lines at the bottom of the terminal: one for the process, as it has one terminal.
static LINES: LazyLock<MultiProgress> = LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::hidden()));

/// The lines of one command.
pub(super) struct Bars {
    lines: MultiProgress,
    /// The lines of streams that are read; `None` once they were taken away for good.
    streams: Mutex<Option<BTreeMap<String, ProgressBar>>>,
}

impl Bars {
    /// Lines that are hidden unless standard error is a terminal and somebody reads there, not a program.
    pub(super) fn new(as_json: bool) -> Self {
        if !as_json && io::stderr().is_terminal() {
            LINES.set_draw_target(ProgressDrawTarget::stderr());
        }
        Self::on(LINES.clone())
    }

    fn on(lines: MultiProgress) -> Self {
        Self { lines, streams: Mutex::new(Some(BTreeMap::new())) }
    }

    /// Takes one step of a stream in; its line goes when its run is over.
    pub(super) fn show(&self, progress: &Progress) {
        let name = progress.name.to_string();
        let mut streams = self.streams();
        let Some(streams) = &mut *streams else { return };
        if progress.ended {
            if let Some(bar) = streams.remove(&name) {
                self.take_away(&bar);
            }
            return;
        }
        let bar = streams.entry(name.clone()).or_insert_with(|| self.line(name, "{spinner} {msg}: {pos} records"));
        if let Some(total) = progress.total.filter(|total| bar.length() != Some(*total)) {
            bar.set_length(total);
            bar.set_style(style("{spinner} {msg}: {pos} of {len} records {wide_bar}"));
        }
        bar.set_position(progress.read);
    }

    /// Shows that a stream is being asked, until the work is over.
    pub(super) async fn during<T>(&self, name: String, work: impl Future<Output = T>) -> T {
        let bar = self.line(name, "{spinner} {msg}");
        let done = work.await;
        self.take_away(&bar);
        done
    }

    /// Says something above the lines.
    pub(super) fn say(&self, text: &str) {
        self.lines.suspend(|| eprintln!("{text}\n"));
    }

    /// Takes the lines away, and shows none from now on.
    pub(super) fn clear(&self) {
        for bar in self.streams().take().into_iter().flat_map(BTreeMap::into_values) {
            self.take_away(&bar);
        }
    }

    fn line(&self, name: String, template: &str) -> ProgressBar {
        let bar = self.lines.add(ProgressBar::no_length());
        bar.set_style(style(template));
        bar.set_message(name);
        if !self.lines.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        bar
    }

    fn take_away(&self, bar: &ProgressBar) {
        bar.finish_and_clear();
        self.lines.remove(bar);
    }

    fn streams(&self) -> MutexGuard<'_, Option<BTreeMap<String, ProgressBar>>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// Standard error above the lines, for logs.
pub(crate) struct Above;

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use indicatif::TermLike;
    use muara_schemas::StreamName;

    use super::*;

    /// A terminal that keeps what is written to it.
    #[derive(Debug, Clone, Default)]
    struct Screen(Arc<Mutex<String>>);

    impl Screen {
        fn take(&self) -> String {
            std::mem::take(&mut self.0.lock().unwrap())
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            60
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn bars() -> (Bars, Screen) {
        let screen = Screen::default();
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(screen.clone()), 255);
        (Bars::on(MultiProgress::with_draw_target(target)), screen)
    }

    fn step(stream: &str, read: u64, total: Option<u64>, ended: bool) -> Progress {
        Progress { name: StreamName::new("33.02", "sipd", stream), read, total, ended }
    }

    fn redrawn(bars: &Bars, screen: &Screen) -> String {
        screen.take();
        bars.streams().iter().flat_map(BTreeMap::values).for_each(ProgressBar::force_draw);
        screen.take()
    }

    #[test]
    fn each_stream_has_a_line_for_as_long_as_it_is_read() {
        let (bars, screen) = bars();

        bars.show(&step("dpa", 500, None, false));
        bars.show(&step("rak", 20, Some(80), false));
        let both = redrawn(&bars, &screen);
        assert!(both.contains("33.02/sipd/dpa: 500 records"), "{both}");
        assert!(both.contains("33.02/sipd/rak: 20 of 80 records"), "{both}");

        bars.show(&step("dpa", 900, None, true));
        bars.show(&step("rak", 40, Some(80), false));
        let one = redrawn(&bars, &screen);
        assert!(!one.contains("dpa") && one.contains("40 of 80"), "{one}");

        bars.clear();
        bars.show(&step("dpa", 1, None, false));
        assert_eq!(redrawn(&bars, &screen), "");
    }

    #[test]
    fn without_a_terminal_nothing_is_shown() {
        let bars = Bars::on(MultiProgress::with_draw_target(ProgressDrawTarget::hidden()));

        bars.show(&step("dpa", 500, None, false));

        assert!(bars.lines.is_hidden() && bars.streams().iter().flat_map(BTreeMap::values).all(ProgressBar::is_hidden));
    }
}
