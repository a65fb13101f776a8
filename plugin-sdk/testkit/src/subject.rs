//! The plugin under test.

use jackfield_sdk::core::module::Module;
use jackfield_sdk::prelude::*;

/// A plugin under test: what it says of itself and how to make an instance. `A` is the trait of its area, such as `dyn AudioProcessor`.
pub struct Subject<A: ?Sized> {
    /// Who it says it is.
    pub descriptor: Descriptor,
    /// The parameters that it says it has.
    pub parameters: &'static [Parameter],
    /// The statistics that it says it has.
    pub statistics: &'static [Statistic],
    /// What to open, for areas that open something.
    pub location: String,
    /// How many allocations a call on the audio thread is forgiven. None, unless the plugin's tests say otherwise.
    pub scratch_allocations: u32,
    make: Box<dyn Fn(u64) -> Result<Box<A>, Fault>>,
}

impl<A: Module + ?Sized + 'static> Subject<A> {
    /// Plugin `T`, whose instances `wrap` puts behind the trait: as they are, or behind the proxy of the boundary.
    pub fn new<T: Plugin>(wrap: fn(T) -> Box<A>) -> Self {
        Self {
            descriptor: T::DESCRIPTOR,
            parameters: <T::Parameters as Parameters>::PARAMETERS,
            statistics: T::STATISTICS,
            location: String::new(),
            scratch_allocations: 0,
            make: Box::new(move |seed| Ok(wrap(T::create(&Environment::seeded(seed))?))),
        }
    }

    /// A plugin that is known by its description only, such as one from a file; `make` makes an instance with a seed.
    pub fn described(
        descriptor: Descriptor,
        parameters: &'static [Parameter],
        statistics: &'static [Statistic],
        make: impl Fn(u64) -> Result<Box<A>, Fault> + 'static,
    ) -> Self {
        Self {
            descriptor,
            parameters,
            statistics,
            location: String::new(),
            scratch_allocations: 0,
            make: Box::new(make),
        }
    }

    /// The same with something to open.
    #[must_use]
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.location = location.into();
        self
    }

    /// The same, forgiven so many allocations in each call on the audio thread.
    #[must_use]
    pub fn scratch_allocations(mut self, most: u32) -> Self {
        self.scratch_allocations = most;
        self
    }

    /// A new instance with this seed.
    ///
    /// # Panics
    /// If the plugin cannot make one.
    pub fn make(&self, seed: u64) -> Box<A> {
        (self.make)(seed).unwrap_or_else(|fault| panic!("{} cannot be made: {fault}", self.descriptor.id))
    }

    /// The formats to try: each rate that it offers with one, two and its most channels.
    pub fn formats(&self) -> Vec<AudioFormat> {
        let capabilities = self.descriptor.audio;
        let any = [8_000, 16_000, 24_000, 32_000, 44_100, 48_000];
        let rates = if capabilities.sample_rates.is_empty() {
            &any[..]
        } else {
            capabilities.sample_rates
        };
        let mut channels = vec![1, 2, capabilities.max_channels];
        channels.retain(|channels| *channels <= capabilities.max_channels);
        channels.dedup();
        rates
            .iter()
            .flat_map(|rate| {
                channels
                    .iter()
                    .map(|channels| AudioFormat::new(SampleRate::hz(*rate), *channels))
            })
            .collect()
    }

    /// The format to try when one is enough: 48 kHz mono if it takes that, else its best rate.
    pub fn format(&self) -> AudioFormat {
        let rates = self.descriptor.audio.sample_rates;
        let rate = if rates.is_empty() || rates.contains(&48_000) {
            48_000
        } else {
            rates[0]
        };
        AudioFormat::new(SampleRate::hz(rate), 1)
    }
}
