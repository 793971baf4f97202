//! Which implementation runs on this processor.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use super::fused::Arithmetic;
#[cfg(target_arch = "x86_64")]
use super::fused::{AmxInt8, Avx2, Avx512Vnni};
use crate::{Error, Result};

/// An implementation of the encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Eight-bit integers with AMX, on Linux.
    AmxInt8,
    /// Eight-bit integers with AVX-512 VNNI.
    Avx512Vnni,
    /// Eight-bit integers with AVX2 and FMA.
    Avx2,
    /// candle in `f32`: on every processor.
    Candle,
}

impl Engine {
    /// All of them, fastest first.
    pub const ALL: [Self; 4] = [Self::AmxInt8, Self::Avx512Vnni, Self::Avx2, Self::Candle];

    /// The name in the settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AmxInt8 => "amx-int8",
            Self::Avx512Vnni => "avx512-vnni",
            Self::Avx2 => "avx2",
            Self::Candle => "candle",
        }
    }

    /// What it computes with.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::AmxInt8 => "fused, eight-bit integers, AMX",
            Self::Avx512Vnni => "fused, eight-bit integers, AVX-512 VNNI",
            Self::Avx2 => "fused, eight-bit integers, AVX2 and FMA",
            Self::Candle => "candle, 32-bit floating point, portable",
        }
    }

    /// Whether this processor has what it needs.
    #[must_use]
    pub fn runs_here(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::AmxInt8 => AmxInt8::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => Avx512Vnni::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::detect().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::AmxInt8 | Self::Avx512Vnni | Self::Avx2 => false,
            Self::Candle => true,
        }
    }

    /// What its products are made of.
    #[must_use]
    pub fn arithmetic(self) -> Arithmetic {
        match self {
            Self::AmxInt8 | Self::Avx512Vnni | Self::Avx2 => Arithmetic::Integer,
            Self::Candle => Arithmetic::Float,
        }
    }

    /// How many operations of its [`arithmetic`](Self::arithmetic) the calling thread could do in a second at most: measured
    /// over about that time, with a kernel that does nothing else and needs no memory. candle picks its instructions
    /// itself, so that its limit is that of the fastest engine here.
    #[must_use]
    pub fn measure_peak(self, time: Duration) -> Option<f64> {
        #[cfg(target_arch = "x86_64")]
        {
            let widest = Avx512Vnni::detect().filter(|_| self != Self::Avx2);
            let widest = widest.map(|simd| super::fused::measure(simd, self.arithmetic(), time));
            widest.or_else(|| Some(super::fused::measure(Avx2::detect()?, self.arithmetic(), time)))
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            let _ = time;
            None
        }
    }

    /// The same for an engine that multiplies whole matrices, which [`measure_peak`](Self::measure_peak) leaves aside so that
    /// all engines can be compared.
    #[must_use]
    pub fn measure_matrix_peak(self, time: Duration) -> Option<f64> {
        #[cfg(target_arch = "x86_64")]
        if self == Self::AmxInt8 {
            return AmxInt8::detect().map(|simd| super::fused::measure_matrices(simd, time));
        }
        let _ = time;
        None
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the settings say about the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum EngineChoice {
    /// The fastest that runs here.
    #[default]
    Auto,
    /// That one.
    Forced(Engine),
}

impl EngineChoice {
    /// The engine to run.
    ///
    /// # Errors
    /// [`Error::EngineUnavailable`] when the processor lacks what the forced engine needs.
    pub fn resolve(self) -> Result<Engine> {
        match self {
            Self::Auto => {
                let fastest = Engine::ALL.into_iter().find(|engine| engine.runs_here());
                Ok(fastest.expect("candle runs everywhere"))
            }
            Self::Forced(engine) if engine.runs_here() => Ok(engine),
            Self::Forced(engine) => Err(Error::EngineUnavailable { engine }),
        }
    }
}

impl FromStr for EngineChoice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == "auto" {
            return Ok(Self::Auto);
        }
        let engine = Engine::ALL.into_iter().find(|engine| engine.name() == name);
        engine.map(Self::Forced).ok_or_else(|| {
            format!("there is no engine `{name}`; give `auto`, `amx-int8`, `avx512-vnni`, `avx2` or `candle`")
        })
    }
}

impl TryFrom<String> for EngineChoice {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}
