//! What a run begins with, and what the scenario tells beforehand.

use crate::agenda::Agenda;
use crate::link::NEVER;
use crate::random::CounterRandom;
use crate::scenario::Scenario;
use crate::source::traffic::{Traffic, paced};
use crate::steps::instant;
use crate::topology::Topology;
use jackfield_core::units::DataRate;

use super::super::observer::Observer;
use super::super::receiver::Receiver;
use super::super::repair::Repair;
use super::super::sender::Sender;
use super::super::trace::TraceHasher;
use super::super::truth::{Truth, competes};
use super::super::{ModuleSource, RunError};
use super::{Flow, Happening, Landing, Run};

impl<'a> Run<'a> {
    pub(in super::super) fn new(
        scenario: &'a Scenario,
        seed: u64,
        modules: &mut dyn ModuleSource,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, RunError> {
        let mut topology = Topology::of(scenario, seed);
        let numbers = |names: &[String]| -> Vec<usize> {
            names
                .iter()
                .filter_map(|name| scenario.link_number(name))
                .collect()
        };
        let mut flows = Vec::with_capacity(scenario.flows.len());
        for (number, spec) in scenario.flows.iter().enumerate() {
            let made = modules
                .modules(number, spec, seed)
                .map_err(|fault| RunError::Modules {
                    flow: spec.name.clone(),
                    fault,
                })?;
            let links = numbers(&spec.path);
            flows.push(Flow {
                sender: Sender::new(number, spec, made),
                receiver: Receiver::new(spec),
                peer: scenario.peer_of(number),
                path: topology.add_route(links.iter().copied()),
                return_path: topology.add_route(numbers(&spec.return_path)),
                propagation: links.clone(),
                links,
                weight: spec.priority,
                pads: false,
                paused: false,
                available: DataRate::ZERO,
                feedbacks: 0,
                repairs: spec
                    .streams
                    .iter()
                    .map(|stream| stream.repair.map(Repair::new))
                    .collect(),
                repair_at: NEVER,
            });
        }
        let constant = scenario
            .cross_traffic
            .iter()
            .enumerate()
            .filter_map(|(number, spec)| Some((numbers(&spec.path), paced(number, spec)?)))
            .collect();
        let traffic = Traffic::new(scenario, seed, &mut topology);
        let truth = Truth::new(scenario);
        let mut run = Self {
            scenario,
            random: CounterRandom::new(seed),
            topology,
            agenda: Agenda::new(),
            flows,
            traffic,
            constant,
            changes: truth.changes(),
            truth,
            messages: Vec::new(),
            free: Vec::new(),
            out: Landing {
                observer,
                trace: TraceHasher::new(),
                landed: Vec::with_capacity(64),
                lost: Vec::with_capacity(64),
            },
            end: instant(scenario.duration),
        };
        run.plan();
        Ok(run)
    }

    /// Schedules what the scenario tells beforehand.
    pub(super) fn plan(&mut self) {
        for index in 0..self.changes.len() {
            self.agenda
                .schedule(self.changes[index].0, Happening::Capacity(index as u32));
        }
        for (number, spec) in self.scenario.flows.iter().enumerate() {
            let flow = number as u32;
            self.agenda.schedule(instant(spec.start), Happening::Begin(flow));
            for pause in &spec.pauses {
                self.agenda
                    .schedule(instant(pause.from), Happening::Media(flow, false));
                self.agenda
                    .schedule(instant(pause.to), Happening::Media(flow, true));
            }
            for (n, change) in spec.route_changes.iter().enumerate() {
                self.agenda
                    .schedule(instant(change.at), Happening::Route(flow, n as u32));
            }
            if spec.stop < self.scenario.duration {
                self.agenda.schedule(instant(spec.stop), Happening::End(flow));
            }
        }
        let first = self.traffic.first();
        for (number, (spec, first)) in self.scenario.cross_traffic.iter().zip(first).enumerate() {
            if let Some(at) = first {
                self.agenda.schedule(at, Happening::Cross(number as u32));
            }
            if competes(&spec.kind) {
                self.agenda.schedule(instant(spec.start), Happening::Truth);
                self.agenda.schedule(instant(spec.stop), Happening::Truth);
            }
        }
        for (_, source) in &self.constant {
            for at in source.changes() {
                self.agenda.schedule(at, Happening::Truth);
            }
        }
    }
}
