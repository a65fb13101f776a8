//! Cells of congestion controllers: controllers and pacers over simulated links, with models of encoders and no bytes.

use std::sync::Arc;

use jackfield_abi::Fault;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::pacer::Pacer;
use jackfield_sim::export::{EventLog, Pcapng};
use jackfield_sim::light::{self, FlowModules, Observer};
use jackfield_sim::scenario::{FlowSpec, Scenario, TcpAlgorithm, TcpSpec};
use serde_json::Value;

use crate::files::Files;
use crate::metrics::{LightMetrics, MetricValue, Registry};
use crate::plugins::Plugins;
use crate::runner::{Job, Measured, Outcome, Record, Runner};
use crate::series::Series;

/// Runs [`jackfield_sim::light`]: one controller and one pacer for each flow.
#[derive(Clone, Debug, Default)]
pub struct Congestion;

impl Runner for Congestion {
    fn kind(&self) -> &'static str {
        "congestion"
    }

    fn sockets(&self) -> &'static [&'static str] {
        &["congestion", "pacer"]
    }

    fn tcp(&self) -> &'static [&'static str] {
        &["reno", "cubic", "bbr", "prague"]
    }

    fn metrics(&self) -> Registry {
        Registry::network()
    }

    fn scenarios(&self, content: &Value, files: &mut Files) -> Result<Vec<String>, String> {
        let all = Scenario::parse_all_with(&toml_text(content)?, &mut |name: &str| files.open(name))
            .map_err(|error| error.to_string())?;
        Ok(all.into_iter().map(|scenario| scenario.name).collect())
    }

    fn outline(&self, job: &Job<'_>) -> Result<Vec<Measured>, String> {
        Ok(self.measured(measuring(job, &scenario(job)?).worst()))
    }

    fn run(&self, job: &Job<'_>, plugins: &Plugins) -> Result<Outcome, String> {
        let (trace_hash, metrics) = measure(job, plugins)?;
        Ok(Outcome {
            trace_hash,
            values: self.measured(metrics.rows()),
        })
    }

    fn series(&self, job: &Job<'_>, plugins: &Plugins) -> Result<Option<Series>, String> {
        let (_, metrics) = measure(job, plugins)?;
        // Plots of a minute have some hundred points.
        Ok(Some(metrics.series(2)))
    }

    fn record(&self, job: &Job<'_>, plugins: &Plugins, record: Record) -> Result<Option<Vec<u8>>, String> {
        let scenario = scenario(job)?;
        Ok(Some(match record {
            Record::Events => event_log(job, &scenario, plugins)?.into_bytes(),
            Record::Capture => {
                let mut capture = Pcapng::new();
                observe(job, &scenario, plugins, &mut capture)?;
                capture.into_bytes()
            }
        }))
    }
}

impl Congestion {
    fn measured(&self, values: Vec<MetricValue>) -> Vec<Measured> {
        let registry = self.metrics();
        values
            .into_iter()
            .map(|value| Measured {
                flow: Arc::from(value.flow),
                segment: Arc::from(value.segment),
                metric: Arc::from(value.metric),
                unit: Arc::from(
                    registry
                        .find(value.metric)
                        .map_or("", |metric| metric.unit.name()),
                ),
                value: value.value,
            })
            .collect()
    }
}

fn measure(job: &Job<'_>, plugins: &Plugins) -> Result<([u8; 32], LightMetrics), String> {
    let scenario = scenario(job)?;
    let mut metrics = measuring(job, &scenario);
    let trace_hash = observe(job, &scenario, plugins, &mut metrics)?;
    Ok((trace_hash, metrics))
}

/// What is measured of a run: TCP has no frames.
fn measuring(job: &Job<'_>, scenario: &Scenario) -> LightMetrics {
    if job.tcp.is_none() {
        return LightMetrics::new(scenario);
    }
    let mut scenario = scenario.clone();
    for flow in &mut scenario.flows {
        flow.streams.clear();
    }
    LightMetrics::new(&scenario)
}

/// Runs the job's scenario; the hash of what happened.
fn observe(
    job: &Job<'_>,
    scenario: &Scenario,
    plugins: &Plugins,
    observer: &mut dyn Observer,
) -> Result<[u8; 32], String> {
    if let Some(name) = job.tcp {
        return observe_tcp(job, scenario, name, observer);
    }
    let mut source = |flow: usize, _: &FlowSpec, seed: u64| modules(job, plugins, flow, seed);
    let summary = light::run(scenario, job.seed, &mut source, observer).map_err(|error| error.to_string())?;
    for (flow, counted) in scenario.flows.iter().zip(&summary.flows) {
        let faults = [
            ("congestion controller", &counted.controller_fault),
            ("pacer", &counted.pacer_fault),
        ];
        for (what, fault) in faults {
            if let Some(fault) = fault {
                return Err(format!("the {what} of the flow `{}` failed: {fault}", flow.name));
            }
        }
    }
    Ok(summary.trace_hash)
}

/// The same with TCP in the place of the media.
fn observe_tcp(
    job: &Job<'_>,
    scenario: &Scenario,
    name: &str,
    observer: &mut dyn Observer,
) -> Result<[u8; 32], String> {
    let algorithm = match name {
        "reno" => TcpAlgorithm::Reno,
        "cubic" => TcpAlgorithm::Cubic,
        "bbr" => TcpAlgorithm::Bbr,
        "prague" => TcpAlgorithm::Prague,
        other => return Err(format!("there is no TCP `{other}`")),
    };
    let tcp = TcpSpec {
        algorithm,
        short: None,
        // Prague is nothing without marks; the others are as RFC 5681 and its kin have them.
        ecn: algorithm == TcpAlgorithm::Prague,
    };
    let summary = light::run_as_tcp(scenario, tcp, job.seed, observer).map_err(|error| error.to_string())?;
    Ok(summary.trace_hash)
}

/// Everything that happens in a run, so that each controller can be replayed.
fn event_log(job: &Job<'_>, scenario: &Scenario, plugins: &Plugins) -> Result<String, String> {
    let mut log = EventLog::new(&scenario.name, job.seed);
    if job.tcp.is_some() {
        observe(job, scenario, plugins, &mut log)?;
        return Ok(log.into_text());
    }
    let mut made = Vec::with_capacity(scenario.flows.len());
    for flow in 0..scenario.flows.len() {
        let mut modules = modules(job, plugins, flow, job.seed).map_err(|fault| fault.to_string())?;
        let identity = plugins.identity("congestion", flow_seed(flow, job.seed))?;
        modules.controller = log.record(flow, modules.controller, &identity);
        made.push(Some(modules));
    }
    let mut source = |flow: usize, _: &FlowSpec, _: u64| -> Result<FlowModules, Fault> {
        let taken = made.get_mut(flow).and_then(Option::take);
        taken.ok_or_else(|| Fault::failed("the scenario has no such flow"))
    };
    light::run(scenario, job.seed, &mut source, &mut log).map_err(|error| error.to_string())?;
    Ok(log.into_text())
}

/// What a flow runs, in a run with this seed.
fn modules(job: &Job<'_>, plugins: &Plugins, flow: usize, seed: u64) -> Result<FlowModules, Fault> {
    let seed = flow_seed(flow, seed);
    let made = |reason: String| Fault::failed(reason);
    Ok(FlowModules {
        controller: Box::new(
            plugins
                .create::<dyn CongestionController>("congestion", seed)
                .map_err(made)?,
        ),
        pacer: Box::new(plugins.create::<dyn Pacer>("pacer", seed).map_err(made)?),
        knows_truth: job.truth,
    })
}

/// Flows that draw must not draw alike.
fn flow_seed(flow: usize, seed: u64) -> u64 {
    seed ^ (flow as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn scenario(job: &Job<'_>) -> Result<Scenario, String> {
    let all = Scenario::parse_all_with(&toml_text(job.content)?, &mut |name: &str| job.files.text(name))
        .map_err(|error| error.to_string())?;
    all.into_iter()
        .find(|scenario| scenario.name == job.scenario)
        .ok_or_else(|| format!("there is no scenario `{}` in its file", job.scenario))
}

/// The content as the text that scenarios are read from.
fn toml_text(content: &Value) -> Result<String, String> {
    toml::to_string(content).map_err(|error| format!("it cannot be written as TOML: {error}"))
}
