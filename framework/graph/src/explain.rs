//! A plan in words, and as a picture for Graphviz.

use std::fmt::Write;

use crate::description::{Kind, Scope};
use crate::plan::Plan;

impl Plan {
    /// The plan in words: one line per node in the order in which they run, every converter with its reason, latency per node.
    pub fn explain(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "The room mixes in {}, 10 ms a tick. A voice passes:",
            self.format
        );
        let width = self.nodes.iter().map(|n| n.name.len()).max().unwrap_or(0);
        let plugin_width = self
            .nodes
            .iter()
            .map(|n| n.plugin.len())
            .max()
            .unwrap_or(0)
            .max("(converter)".len());
        for node in &self.nodes {
            let plugin = if node.plugin.is_empty() {
                "(converter)"
            } else {
                &node.plugin
            };
            let format = match (node.format, node.kind) {
                (Some(format), _) => format.to_string(),
                (None, Some(Kind::Congestion | Kind::Estimator)) => "rates".to_owned(),
                (None, _) => "packets".to_owned(),
            };
            let scope = match node.scope {
                Scope::Participant => "each",
                Scope::Room => "room",
            };
            let reason = if node.socket.is_some() {
                String::new()
            } else {
                format!("  because {}", node.reason)
            };
            let _ = writeln!(
                out,
                "  {:width$}  {plugin:plugin_width$}  {scope}  {format:12}  {:6.2} ms{reason}",
                node.name, node.latency_ms
            );
        }
        let _ = writeln!(
            out,
            "Latency without network and jitter buffer: {:.2} ms.",
            self.latency_ms()
        );
        out
    }

    /// The plan in the language of Graphviz.
    pub fn dot(&self) -> String {
        let mut out = String::from(
            "digraph jackfield {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n",
        );
        for (i, node) in self.nodes.iter().enumerate() {
            let format = node.format.map(|f| format!("\\n{f}")).unwrap_or_default();
            let (label, style) = if node.socket.is_some() {
                (
                    format!(
                        "{}\\n{}{format}\\n{:.2} ms",
                        node.name, node.plugin, node.latency_ms
                    ),
                    "",
                )
            } else {
                (
                    format!(
                        "{}{format}\\n{:.2} ms\\n{}",
                        node.name,
                        node.latency_ms,
                        node.reason.replace('"', "'")
                    ),
                    ", style=dashed",
                )
            };
            let _ = writeln!(out, "  n{i} [label=\"{label}\"{style}];");
        }
        for edge in &self.edges {
            let style = if edge.render { ", style=dashed" } else { "" };
            let label = if edge.render { "render" } else { edge.port.name() };
            let _ = writeln!(
                out,
                "  n{} -> n{} [label=\"{label}\"{style}];",
                edge.from, edge.to
            );
        }
        out.push_str("}\n");
        out
    }
}
