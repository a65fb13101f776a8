//! From the text of an experiment to what is meant by it.

use std::collections::BTreeMap;
use std::path::Path;

use jackfield_loader::{ParameterValue, TextError, did_you_mean};

use super::scenarios::{self, Change};
use super::table::{Source, Table, Value};
use super::{Arm, ArmSocket, Experiment, Guardrail, Places, REPEAT, ScenarioCase, Stopping};
use crate::files::Files;
use crate::metrics::Registry;
use crate::runner::Runner;

const KEYS: &[&str] = &[
    "name",
    "question",
    "kind",
    "baseline",
    "seeds",
    "primary",
    "guardrails",
    "stopping",
    "manifest",
    "arms",
    "scenarios",
];
/// More seeds than anybody can mean.
const MOST_SEEDS: u64 = 1_000_000;

pub(super) fn experiment(text: &str, file: &Path, runners: &[&dyn Runner]) -> Result<Experiment, TextError> {
    let source = Source { file, text };
    let mut table = source.parse()?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut reader = Reader {
        source,
        folder,
        places: Places {
            file: file.to_owned(),
            text: text.to_owned(),
            ..Places::default()
        },
    };

    let name = table.need("name", "name = \"quick\"")?.word()?;
    let question = table
        .need("question", "question = \"Is B better than A?\"")?
        .word()?;
    let kind = table.need("kind", "kind = \"congestion\"")?;
    let runner = *runners
        .iter()
        .find(|runner| kind.text().is_ok_and(|kind| kind == runner.kind()))
        .ok_or_else(|| {
            let kinds: Vec<_> = runners.iter().map(|runner| runner.kind()).collect();
            let given = kind.text().unwrap_or_default();
            kind.fault(format!("there is no kind `{given}`"), "not a kind of run")
                .with_help(format!(
                    "{}expected one of: {}",
                    did_you_mean(given, kinds.iter().copied()),
                    kinds.join(", ")
                ))
        })?;
    let metrics = runner.metrics();

    let arms_given = table.need("arms", "[[arms]] with a name and a plugin")?;
    let arms = reader.arms(arms_given, runner)?;
    let baseline = baseline(table.take("baseline"), &arms)?;
    let seeds = seeds(table.need("seeds", "seeds = 30")?)?;
    let primary = table
        .need("primary", "primary = [\"utilisation\"]")?
        .one_or_more()?
        .iter()
        .map(|value| metric(value, &metrics))
        .collect::<Result<Vec<_>, _>>()?;
    let guardrails = match table.take("guardrails") {
        None => Vec::new(),
        Some(list) => list
            .list()?
            .into_iter()
            .map(|one| guardrail(one.table()?, &metrics))
            .collect::<Result<_, _>>()?,
    };
    let stopping = table.take("stopping").map_or(Ok(Stopping::Fixed), stopping)?;
    let manifest = table
        .take("manifest")
        .map(|path| path.text().map(|text| folder.join(text)))
        .transpose()?;
    let scenarios = reader.scenarios(
        table.need("scenarios", "[[scenarios]] with files = \"….toml\"")?,
        runner,
    )?;
    let kind = runner.kind().to_owned();
    table.end(KEYS)?;
    Ok(Experiment {
        name,
        question,
        kind,
        arms,
        baseline,
        scenarios,
        seeds,
        primary,
        guardrails,
        stopping,
        manifest,
        places: reader.places,
    })
}

struct Reader<'a> {
    source: Source<'a>,
    folder: &'a Path,
    places: Places,
}

impl<'a> Reader<'a> {
    fn arms(&mut self, given: Value<'a>, runner: &dyn Runner) -> Result<Vec<Arm>, TextError> {
        let mut arms: Vec<Arm> = Vec::new();
        for arm in given.list()? {
            let mut table = arm.table()?;
            let name = table.need("name", "name = \"gcc\"")?;
            let arm_name = name.word()?;
            if arms.iter().any(|arm| arm.name == arm_name) {
                return Err(name
                    .fault(format!("there are two arms `{arm_name}`"), "the second one")
                    .with_help(
                        "give each arm a name of its own; the baseline is run twice without your doing",
                    ));
            }
            if arm_name.ends_with(REPEAT) {
                return Err(name
                    .fault(
                        format!("no arm can be called `{arm_name}`"),
                        "a name that is taken",
                    )
                    .with_help("every experiment repeats its baseline under such a name by itself"));
            }
            let truth = table.take("truth").map_or(Ok(false), |truth| truth.truth())?;
            let tcp = table.take("tcp").map(|tcp| tcp_of(&tcp, runner)).transpose()?;
            if truth && tcp.is_some() {
                return Err(name
                    .fault("TCP is told nothing of the path", "this arm")
                    .with_help("leave out `tcp` or `truth`"));
            }
            let mut sockets = BTreeMap::new();
            for (place, value) in table.rest() {
                if !runner.sockets().contains(&value.name.as_str()) {
                    let known = runner.sockets().iter().copied().chain(["name", "truth", "tcp"]);
                    return Err(self
                        .source
                        .at(place, format!("there is no key `{}` in an arm", value.name), "unknown key")
                        .with_help(format!(
                            "{}a run of the kind `{}` has the sockets {}, and an arm a `name` and perhaps `truth` or `tcp`",
                            did_you_mean(&value.name, known),
                            runner.kind(),
                            runner.sockets().join(", ")
                        )));
                }
                if tcp.is_some() {
                    return Err(self
                        .source
                        .at(
                            place,
                            "TCP in the place of the media has no plugins",
                            "this is one",
                        )
                        .with_help("leave out either `tcp` or this socket"));
                }
                let socket_name = value.name.clone();
                let (span, socket) = socket(value)?;
                self.places
                    .sockets
                    .insert((arm_name.clone(), socket_name.clone()), span);
                sockets.insert(socket_name, socket);
            }
            arms.push(Arm {
                name: arm_name,
                sockets,
                truth,
                tcp,
            });
        }
        if arms.is_empty() {
            return Err(self
                .source
                .at(0..0, "there are no arms", "add [[arms]]")
                .with_help("with one arm the experiment compares it with itself; two make a comparison"));
        }
        Ok(arms)
    }

    fn scenarios(&mut self, given: Value<'a>, runner: &dyn Runner) -> Result<Vec<ScenarioCase>, TextError> {
        let mut cases = Vec::new();
        for entry in given.list()? {
            let mut table = entry.table()?;
            let patterns = table
                .need("files", "files = \"../scenarios/rfc8867/*.toml\"")?
                .one_or_more()?;
            let only = match table.take("only") {
                None => Vec::new(),
                Some(list) => list
                    .one_or_more()?
                    .iter()
                    .map(|one| {
                        glob::Pattern::new(one.text()?)
                            .map_err(|error| one.fault(format!("this is no pattern: {}", error.msg), "here"))
                    })
                    .collect::<Result<_, _>>()?,
            };
            let before = cases.len();
            let place = patterns[0].fault("no scenario of these files is called so", "these files").with_help(
                "the patterns in `only` are held against whole names, with what a scenario's `sweep` adds: \"*queue=codel*\"",
            );
            let variants = match table.take("variants") {
                None => vec![(String::new(), Vec::new())],
                Some(list) => list.list()?.into_iter().map(variant).collect::<Result<_, _>>()?,
            };
            table.end(&["files", "only", "variants"])?;
            for pattern in patterns {
                let files = scenarios::files(self.folder, pattern.text()?).map_err(|reason| {
                    pattern
                        .fault(reason, "these files")
                        .with_help("a relative path starts at the folder of the experiment")
                })?;
                for path in files {
                    let plain =
                        scenarios::content(&path).map_err(|reason| pattern.fault(reason, "from here"))?;
                    for (variant, changes) in &variants {
                        let mut content = plain.clone();
                        for change in changes {
                            scenarios::apply(&mut content, change).map_err(|reason| {
                                pattern.fault(
                                    format!("{}, variant `{variant}`: {reason}", path.display()),
                                    "from here",
                                )
                            })?;
                        }
                        let mut named = Files::of(path.parent().unwrap_or(Path::new("")));
                        let names = runner.scenarios(&content, &mut named).map_err(|reason| {
                            let varied = if variant.is_empty() {
                                String::new()
                            } else {
                                format!(", variant `{variant}`")
                            };
                            pattern.fault(format!("{}{varied}: {reason}", path.display()), "from here")
                        })?;
                        let named = named.digests();
                        for scenario in names {
                            if !only.is_empty() && !only.iter().any(|pattern| pattern.matches(&scenario)) {
                                continue;
                            }
                            let name = if variant.is_empty() {
                                scenario.clone()
                            } else {
                                format!("{scenario}+{variant}")
                            };
                            if self
                                .places
                                .scenarios
                                .insert(name.clone(), pattern.span.clone())
                                .is_some()
                            {
                                return Err(pattern
                                    .fault(
                                        format!(
                                            "the scenario `{name}` is there twice, the second time from {}",
                                            path.display()
                                        ),
                                        "from here",
                                    )
                                    .with_help("name each file once, and give variants different names"));
                            }
                            cases.push(ScenarioCase {
                                name,
                                scenario,
                                variant: variant.clone(),
                                path: path.clone(),
                                content: content.clone(),
                                files: named.clone(),
                                digest: super::json::content_digest(&content, &named),
                            });
                        }
                    }
                }
            }
            if cases.len() == before {
                return Err(place);
            }
        }
        if cases.is_empty() {
            return Err(self
                .source
                .at(0..0, "there are no scenarios", "add [[scenarios]]"));
        }
        Ok(cases)
    }
}

fn baseline(given: Option<Value<'_>>, arms: &[Arm]) -> Result<String, TextError> {
    let Some(given) = given else {
        return Ok(arms[0].name.clone());
    };
    let name = given.text()?;
    if arms.iter().any(|arm| arm.name == name) {
        return Ok(name.to_owned());
    }
    let names: Vec<_> = arms.iter().map(|arm| arm.name.as_str()).collect();
    Err(given
        .fault(format!("there is no arm `{name}`"), "not an arm")
        .with_help(format!(
            "{}the arms are: {}",
            did_you_mean(name, names.iter().copied()),
            names.join(", ")
        )))
}

/// The TCP that an arm has in the place of the media.
fn tcp_of(given: &Value<'_>, runner: &dyn Runner) -> Result<String, TextError> {
    let name = given.text()?;
    if runner.tcp().contains(&name) {
        return Ok(name.to_owned());
    }
    let help = if runner.tcp().is_empty() {
        format!(
            "runs of the kind `{}` have no network; leave it out",
            runner.kind()
        )
    } else {
        format!("use one of {}", runner.tcp().join(", "))
    };
    Err(given
        .fault(
            format!("there is no TCP `{name}` to put in the place of the media"),
            "here",
        )
        .with_help(help))
}

/// What is put into a socket, and where its plugin is named.
fn socket(value: Value<'_>) -> Result<(std::ops::Range<usize>, ArmSocket), TextError> {
    if !value.is_table() {
        return Ok((
            value.span.clone(),
            ArmSocket {
                id: value.word()?,
                parameters: BTreeMap::new(),
            },
        ));
    }
    let mut table = value.table()?;
    let id = table.need("use", "use = \"jackfield.congestion.gcc\"")?;
    let mut parameters = BTreeMap::new();
    if let Some(given) = table.take("params") {
        for (_, parameter) in given.table()?.rest() {
            let value = ParameterValue::from_json(&parameter.plain()?).ok_or_else(|| {
                parameter.fault(
                    format!("the parameter `{}` cannot be this", parameter.name),
                    "expected true, false, a number or a text",
                )
            })?;
            parameters.insert(parameter.name.clone(), value);
        }
    }
    table.end(&["use", "params"])?;
    Ok((
        id.span.clone(),
        ArmSocket {
            id: id.word()?,
            parameters,
        },
    ))
}

fn seeds(given: Value<'_>) -> Result<Vec<u64>, TextError> {
    if given.is_list() {
        let span_fault = given.fault("there are no seeds", "expected at least one");
        let mut seeds = Vec::new();
        for seed in given.list()? {
            let number = seed.whole()?;
            if seeds.contains(&number) {
                return Err(seed.fault(format!("the seed {number} is there twice"), "the second one"));
            }
            seeds.push(number);
        }
        return if seeds.is_empty() {
            Err(span_fault)
        } else {
            Ok(seeds)
        };
    }
    let (first, count, fault) = if given.is_table() {
        let fault = given.fault("so many seeds are none", "expected a count from 1 to 1000000");
        let mut table = given.table()?;
        let first = table.need("first", "first = 1")?.whole()?;
        let count = table.need("count", "count = 30")?.whole()?;
        table.end(&["first", "count"])?;
        (first, count, fault)
    } else {
        (
            1,
            given.whole()?,
            given.fault("so many seeds are none", "expected a count from 1 to 1000000"),
        )
    };
    if !(1..=MOST_SEEDS).contains(&count) {
        return Err(fault);
    }
    (0..count)
        .map(|n| first.checked_add(n))
        .collect::<Option<_>>()
        .ok_or(fault)
}

fn metric(given: &Value<'_>, metrics: &Registry) -> Result<String, TextError> {
    let name = given.text()?;
    if metrics.find(name).is_some() {
        return Ok(name.to_owned());
    }
    let names: Vec<&str> = metrics.iter().map(|metric| metric.name).collect();
    Err(given
        .fault(format!("there is no metric `{name}`"), "not a metric")
        .with_help(format!(
            "{}metrics: {}",
            did_you_mean(name, names.iter().copied()),
            names.join(", ")
        )))
}

fn guardrail(mut table: Table<'_>, metrics: &Registry) -> Result<Guardrail, TextError> {
    let metric = metric(&table.need("metric", "metric = \"delay_p95\"")?, metrics)?;
    let margin = table.need("margin", "margin = 10.0")?;
    let number = margin.number()?;
    if number < 0.0 {
        return Err(margin.fault(
            "a margin is how much worse is still as good",
            "expected 0 or more",
        ));
    }
    let higher_is_better = match table.take("better") {
        None => None,
        Some(better) => match better.text()? {
            "higher" => Some(true),
            "lower" => Some(false),
            other => {
                return Err(better.fault(
                    format!("`{other}` is no direction"),
                    "expected \"higher\" or \"lower\"",
                ));
            }
        },
    };
    table.end(&["metric", "margin", "better"])?;
    Ok(Guardrail {
        metric,
        margin: number,
        higher_is_better,
    })
}

fn stopping(given: Value<'_>) -> Result<Stopping, TextError> {
    let mut table = given.table()?;
    let rule = table.need("rule", "rule = \"fixed\"")?;
    match rule.text()? {
        "fixed" => {
            table.end(&["rule"])?;
            Ok(Stopping::Fixed)
        }
        "sequential" => {
            let alpha = match table.take("alpha") {
                None => 0.05,
                Some(alpha) => {
                    let level = alpha.number()?;
                    if !(1e-6..=0.5).contains(&level) {
                        return Err(alpha.fault("this is no level", "expected a number such as 0.05"));
                    }
                    level
                }
            };
            let every = match table.take("every") {
                None => 5,
                Some(every) => usize::try_from(every.whole()?)
                    .ok()
                    .filter(|every| *every >= 1)
                    .ok_or_else(|| every.fault("so many seeds are none", "expected 1 or more"))?,
            };
            table.end(&["rule", "alpha", "every"])?;
            Ok(Stopping::Sequential { alpha, every })
        }
        other => Err(rule
            .fault(format!("there is no rule `{other}`"), "not a rule")
            .with_help("\"fixed\" runs all seeds; \"sequential\" stops when an always-valid test knows")),
    }
}

fn variant(given: Value<'_>) -> Result<(String, Vec<Change>), TextError> {
    let mut table = given.table()?;
    let name = table.need("name", "name = \"codel\"")?;
    let word = name.word()?;
    if word.contains('+') {
        return Err(name.fault(
            "a variant's name stands behind a `+` in the scenario's",
            "without `+`, please",
        ));
    }
    let mut changes = Vec::new();
    if let Some(set) = table.take("set") {
        for (_, value) in set.table()?.rest() {
            changes.push(Change {
                path: value.name.clone(),
                value: value.plain()?,
            });
        }
    }
    table.end(&["name", "set"])?;
    Ok((word, changes))
}
