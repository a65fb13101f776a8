//! What was seen of a run, and the words that the sentences are made of.

use jackfield_sim::Source;

use super::bounds::{FAIR, FULL, MOST, NOTICED_RATE, NOTICED_WAIT, SHORT_WAIT};
use crate::watch::Watch;

/// What was seen of a run. Times are in seconds, rates in kbit/s.
pub(crate) struct Seen {
    pub(crate) watch: Watch,
    pub(crate) flows: usize,
    /// The run to compare with, in the same weather.
    pub(crate) reference: Option<Box<Seen>>,
}

fn ms(seconds: f64) -> i64 {
    (seconds * 1e3) as i64
}

impl Seen {
    /// With a run to compare with.
    pub(crate) fn beside(self, reference: Seen) -> Self {
        Self {
            reference: Some(Box::new(reference)),
            ..self
        }
    }

    /// What was seen of the run to compare with.
    pub(crate) fn reference(&self) -> &Seen {
        self.reference.as_ref().expect("a run to compare with")
    }

    /// What arrived of a flow.
    pub(crate) fn rate(&self, flow: usize, from: f64, to: f64) -> f64 {
        self.watch.rate(Source::Flow(flow), ms(from), ms(to))
    }

    /// What arrived of all these flows.
    pub(crate) fn sum(&self, flows: &[usize], from: f64, to: f64) -> f64 {
        flows.iter().map(|flow| self.rate(*flow, from, to)).sum()
    }

    /// What arrived of the TCP connection.
    pub(crate) fn tcp(&self, from: f64, to: f64) -> f64 {
        self.watch.rate(Source::CrossTraffic(0), ms(from), ms(to))
    }

    /// The share of a flow's packets that were lost.
    pub(crate) fn loss(&self, flow: usize, from: f64, to: f64) -> f64 {
        self.watch.loss(Source::Flow(flow), ms(from), ms(to))
    }

    /// How long 95 % of a flow's packets waited at most, ms.
    pub(crate) fn wait(&self, flow: usize, from: f64, to: f64) -> f64 {
        self.watch.queueing(flow, ms(from), ms(to), 0.95)
    }

    /// The flow has converged to this capacity, or to the most that it can make use of.
    pub(crate) fn fills(&self, flow: usize, capacity: f64, from: f64, to: f64) -> Result<(), String> {
        at_least("rate", self.rate(flow, from, to), FULL * capacity.min(MOST), from)
    }

    /// Together the flows fill this capacity.
    pub(crate) fn fill(&self, flows: &[usize], capacity: f64, from: f64, to: f64) -> Result<(), String> {
        at_least("sum", self.sum(flows, from, to), FULL * capacity, from)
    }

    /// In each span of so many seconds the flows get fair shares.
    pub(crate) fn is_fair(&self, flows: &[usize], from: f64, to: f64, span: f64) -> Result<(), String> {
        let mut at = from;
        while at + span <= to {
            let rates: Vec<f64> = flows.iter().map(|flow| self.rate(*flow, at, at + span)).collect();
            let most = rates.iter().copied().fold(0.0, f64::max);
            let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
            if most > FAIR * least {
                return Err(format!("from {at} s on {most:.0} beside {least:.0} kbit/s"));
            }
            at += span;
        }
        Ok(())
    }

    /// The flow's packets wait but shortly.
    pub(crate) fn is_quick(&self, flow: usize, from: f64, to: f64) -> Result<(), String> {
        let wait = self.wait(flow, from, to);
        if wait <= SHORT_WAIT {
            Ok(())
        } else {
            Err(format!("from {from} s on p95 of the wait is {wait:.0} ms"))
        }
    }

    /// The least and the greatest target at the ends of these seconds.
    pub(crate) fn targets(&self, flow: usize, from: f64, to: f64) -> (f64, f64) {
        let seconds = (from as i64 + 1)..=(to as i64);
        let targets = seconds.map(|second| self.watch.target(flow, second * 1_000).as_kbps_f64());
        targets.fold((f64::INFINITY, 0.0), |(least, most), target| {
            (least.min(target), most.max(target))
        })
    }

    /// Of the whole run: the share of all flows' packets that was lost, the mean of their waits (95 %), and what arrived of them.
    fn whole(&self) -> (f64, f64, f64) {
        let (from, to) = (5.0, self.watch.last() as f64 / 1e3);
        let over = |of: &dyn Fn(usize) -> f64| (0..self.flows).map(of).sum::<f64>();
        let flows = self.flows as f64;
        (
            over(&|flow| self.loss(flow, from, to)) / flows,
            over(&|flow| self.wait(flow, from, to)) / flows,
            over(&|flow| self.rate(flow, from, to)),
        )
    }

    /// No more is lost than in the run to compare with.
    pub(crate) fn loses_no_more(&self) -> Result<(), String> {
        let [own, other] = [self.whole().0, self.reference().whole().0].map(|loss| loss * 100.0);
        if own <= other {
            Ok(())
        } else {
            Err(format!("{own:.2} instead of {other:.2} % are lost"))
        }
    }

    /// Packets wait no longer than in the run to compare with.
    pub(crate) fn waits_no_longer(&self) -> Result<(), String> {
        let [own, other] = [self.whole().1, self.reference().whole().1];
        if own <= other + NOTICED_WAIT {
            Ok(())
        } else {
            Err(format!("p95 of the wait is {own:.0} instead of {other:.0} ms"))
        }
    }

    /// As much arrives as in the run to compare with.
    pub(crate) fn gets_as_much(&self) -> Result<(), String> {
        let [own, other] = [self.whole().2, self.reference().whole().2];
        if own >= other * (1.0 - NOTICED_RATE) {
            Ok(())
        } else {
            Err(format!("{own:.0} instead of {other:.0} kbit/s arrive"))
        }
    }

    /// Less is lost, packets wait less long, or more arrives than in the run to compare with, unless it went alike: then no queue had anything to
    /// say.
    pub(crate) fn gains(&self) -> Result<(), String> {
        let (loss, wait, rate) = self.whole();
        let (other_loss, other_wait, other_rate) = self.reference().whole();
        let alike = (loss, wait, rate) == (other_loss, other_wait, other_rate);
        if alike
            || loss < other_loss
            || wait <= other_wait - NOTICED_WAIT
            || rate >= other_rate * (1.0 + NOTICED_RATE)
        {
            Ok(())
        } else {
            Err(format!(
                "{:.2} % lost, p95 of the wait {wait:.0} ms and {rate:.0} kbit/s instead of {:.2} %, {other_wait:.0} ms and {other_rate:.0} kbit/s",
                loss * 100.0,
                other_loss * 100.0
            ))
        }
    }
}

/// `value` kbit/s are at least `least`.
pub(crate) fn at_least(what: &str, value: f64, least: f64, from: f64) -> Result<(), String> {
    if value >= least {
        Ok(())
    } else {
        Err(format!(
            "from {from} s on the {what} is {value:.0} kbit/s, not {least:.0}"
        ))
    }
}
