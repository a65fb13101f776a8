//! What this machine's processor can do: which code the plugins' libraries will choose, told once in the log and to whoever asks.

use std::fmt;

/// What the processor can do, as far as audio and cryptography ask for it.
///
/// ```
/// println!("{}", jackfield_runtime::cpu::CpuFeatures::detect());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuFeatures {
    /// Such as `x86_64`.
    pub architecture: &'static str,
    /// Threads that can run at once, as far as this process may use them.
    pub threads: usize,
    /// Every feature that was asked for, and whether it is there.
    pub features: Vec<(&'static str, bool)>,
}

impl CpuFeatures {
    /// Asks the processor.
    pub fn detect() -> Self {
        Self {
            architecture: std::env::consts::ARCH,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            features: detected(),
        }
    }

    /// Whether it has this feature, by the name that the processor's maker gives it in lower case, such as `avx2`.
    pub fn has(&self, feature: &str) -> bool {
        self.features
            .iter()
            .any(|(name, there)| *name == feature && *there)
    }
}

impl fmt::Display for CpuFeatures {
    /// Such as `x86_64, 8 threads: sse2 avx2 fma aes; not avx512f`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |wanted: bool| {
            let names = self.features.iter().filter(|(_, there)| *there == wanted);
            names.map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
        };
        write!(f, "{}, {} threads: {}", self.architecture, self.threads, of(true))?;
        let missing = of(false);
        if missing.is_empty() {
            Ok(())
        } else {
            write!(f, "; not {missing}")
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn detected() -> Vec<(&'static str, bool)> {
    vec![
        ("sse2", is_x86_feature_detected!("sse2")),
        ("sse4.1", is_x86_feature_detected!("sse4.1")),
        ("avx", is_x86_feature_detected!("avx")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("aes", is_x86_feature_detected!("aes")),
        ("pclmulqdq", is_x86_feature_detected!("pclmulqdq")),
        ("sha", is_x86_feature_detected!("sha")),
    ]
}

#[cfg(target_arch = "aarch64")]
fn detected() -> Vec<(&'static str, bool)> {
    use std::arch::is_aarch64_feature_detected;
    vec![
        ("neon", is_aarch64_feature_detected!("neon")),
        ("dotprod", is_aarch64_feature_detected!("dotprod")),
        ("sve", is_aarch64_feature_detected!("sve")),
        ("aes", is_aarch64_feature_detected!("aes")),
        ("pmull", is_aarch64_feature_detected!("pmull")),
        ("sha2", is_aarch64_feature_detected!("sha2")),
    ]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn detected() -> Vec<(&'static str, bool)> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    fn e28_3_the_features_are_those_that_the_kernel_names() {
        let told = std::fs::read_to_string("/proc/cpuinfo").unwrap();
        let flags = told
            .lines()
            .find(|line| line.starts_with("flags") || line.starts_with("Features"))
            .unwrap();
        let flags: Vec<&str> = flags.split_ascii_whitespace().collect();
        let kernels_name = |name| match name {
            "sse4.1" => "sse4_1",
            "sha" => "sha_ni",
            "neon" => "asimd",
            "dotprod" => "asimddp",
            name => name,
        };
        let features = CpuFeatures::detect();
        assert!(!features.features.is_empty());
        for (name, there) in &features.features {
            assert_eq!(*there, flags.contains(&kernels_name(name)), "{name}");
            assert_eq!(features.has(name), *there);
        }
        assert!(!features.has("a feature that nobody has"));
    }

    #[test]
    fn e28_3_they_are_told_in_one_line() {
        let features = CpuFeatures {
            architecture: "x86_64",
            threads: 8,
            features: vec![("sse2", true), ("avx2", true), ("avx512f", false)],
        };
        assert_eq!(features.to_string(), "x86_64, 8 threads: sse2 avx2; not avx512f");
    }
}
