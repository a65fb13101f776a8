//! Audio processors that misbehave on purpose, for tests of what watches over plugins.

use jackfield_sdk::dsp::check_block;
use jackfield_sdk::prelude::*;

macro_rules! bad {
    ($(#[$docs:meta])* $name:ident, $id:literal, $title:literal, $description:literal, |$this:ident, $near:ident| $deed:block) => {
        $(#[$docs])*
        pub struct $name {
            format: Option<AudioFormat>,
            parameters: BadParameters,
            blocks: u32,
        }

        impl Plugin for $name {
            const DESCRIPTOR: Descriptor = Descriptor::new($id, $title, env!("CARGO_PKG_VERSION"))
                .vendor("Jackfield")
                .license("MIT OR Apache-2.0")
                .description($description);
            type Parameters = BadParameters;

            fn create(_: &Environment) -> Result<Self, Fault> {
                Ok(Self { format: None, parameters: BadParameters::defaults(), blocks: 0 })
            }

            fn parameters(&mut self) -> &mut BadParameters {
                &mut self.parameters
            }
        }

        impl AudioProcessor for $name {
            fn activate(&mut self, format: &AudioFormat) -> Result<(), Fault> {
                self.format = Some(*format);
                Ok(())
            }

            fn process(
                &mut self,
                _now: Timestamp,
                near: &mut [f32],
                _capture: &CaptureInfo,
                _report: &mut ProcessorReport,
            ) -> Result<(), Fault> {
                check_block(self.format, near.len())?;
                if self.blocks < self.parameters.after {
                    self.blocks += 1;
                    return Ok(());
                }
                let ($this, $near) = (self, near);
                $deed
            }
        }
    };
}

/// What can be set.
#[derive(Params)]
pub struct BadParameters {
    /// How many blocks it behaves before it does not.
    #[param(title = "Good blocks", min = 0, max = 1_000_000, default = 0)]
    pub after: u32,
    /// How hard it works for each block, in millions of multiplications, if that is its vice.
    #[param(title = "Work", unit = "M", min = 0, max = 10_000, default = 50)]
    pub work: u32,
}

bad! {
    /// Panics in `process`.
    Panics, "jackfield.bad.panics", "Panics", "Panics after some blocks.", |_this, _near| {
        panic!("on purpose")
    }
}

bad! {
    /// Puts one NaN into every block.
    EmitsNan, "jackfield.bad.emits-nan", "Emits NaN", "Puts a sample that is no number into every block, after some blocks.", |_this, near| {
        let middle = near.len() / 2;
        near[middle] = f32::NAN;
        Ok(())
    }
}

bad! {
    /// Burns time until every deadline is gone.
    Overruns, "jackfield.bad.overruns", "Overruns", "Works too long in every block, after some blocks.", |this, near| {
        let mut x = 1.000_000_1_f32;
        for _ in 0..u64::from(this.parameters.work) * 1_000_000 {
            x = std::hint::black_box(x * 0.999_999_9);
        }
        near[0] += x * 1e-9;
        Ok(())
    }
}

bad! {
    /// Falls silent.
    FallsSilent, "jackfield.bad.falls-silent", "Falls silent", "Gives silence, whatever comes in, after some blocks.", |_this, near| {
        near.fill(0.0);
        Ok(())
    }
}

bad! {
    /// Gets louder without end.
    Explodes, "jackfield.bad.explodes", "Explodes", "Gets louder by 6 dB with every block, after some blocks.", |this, near| {
        this.blocks = this.blocks.saturating_add(1);
        let gain = 2_f32.powi((this.blocks - this.parameters.after).min(120) as i32);
        near.iter_mut().for_each(|sample| *sample *= gain);
        Ok(())
    }
}

bad! {
    /// Allocates in `process`.
    Allocates, "jackfield.bad.allocates", "Allocates", "Allocates in every block, after some blocks.", |_this, near| {
        let copy = std::hint::black_box(near.to_vec());
        near.copy_from_slice(&copy);
        Ok(())
    }
}

bad! {
    /// Answers every block with a fault.
    Fails, "jackfield.bad.fails", "Fails", "Answers with a fault, after some blocks.", |_this, _near| {
        Err(Fault::failed("on purpose"))
    }
}
