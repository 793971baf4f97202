//! How activations are made easy to quantise.
//!
//! Transformers have a few channels whose values are far greater than all others', and often far from zero. In eight
//! bits over the whole range, the other channels would have few steps left. So, before it is quantised, channel `k`
//! is centred, `x - centre[k]`, which the bias makes up for (Wei et al., 2023, Outlier Suppression+,
//! <https://arxiv.org/abs/2304.09145>), and divided by `size[k]`, with which its weights are multiplied (Xiao et al., 2022,
//! SmoothQuant, <https://arxiv.org/abs/2211.10438>):
//!
//! ```text
//! size[k] = range[k]^0.6 / greatest_weight[k]^0.4
//! ```
//!
//! Centres and ranges are those of [`calibration`](super::calibration)'s texts.

use super::packed::Sizes;

/// How much of a channel's range goes into its weights. Measured on messages of shoppers, with multilingual-e5-small:
/// 0.5 and 0.7 are less exact.
const STRENGTH: f32 = 0.6;

/// Ranges and weights below this are as good as zero.
const LEAST: f32 = 1e-5;

/// What flows into a layer's four products.
#[derive(Clone, Debug)]
pub(super) struct Statistics {
    pub(super) layer_input: Channels,
    pub(super) attention: Channels,
    pub(super) attention_output: Channels,
    pub(super) intermediate: Channels,
}

/// Of each channel, its mean and how far it gets from it, and how it moves together with the others.
#[derive(Clone, Debug)]
pub(super) struct Channels {
    pub(super) mean: Vec<f32>,
    pub(super) range: Vec<f32>,
    /// `[channels, channels]`
    pub(super) covariance: Vec<f32>,
}

impl Channels {
    /// Room for the columns that pad each head.
    pub(super) fn spread(&self, sizes: &Sizes) -> Self {
        let spread = |values: &[f32]| {
            let mut spread = vec![0.0; sizes.attention_width];
            for (channel, &value) in values.iter().enumerate() {
                spread[sizes.spread(channel)] = value;
            }
            spread
        };
        let width = sizes.attention_width;
        let mut covariance = vec![0.0; width * width];
        for (channel, row) in self.covariance.chunks_exact(self.mean.len()).enumerate() {
            covariance[sizes.spread(channel) * width..][..width].copy_from_slice(&spread(row));
        }
        Self { mean: spread(&self.mean), range: spread(&self.range), covariance }
    }
}

/// What each channel is centred at and divided by.
pub(super) struct Smoothing {
    pub(super) centre: Vec<f32>,
    pub(super) size: Vec<f32>,
}

impl Smoothing {
    pub(super) fn of(channels: &Channels, greatest_weights: &[f32]) -> Self {
        let size =
            channels.range.iter().zip(greatest_weights).map(|(range, weight)| {
                range.max(LEAST).powf(STRENGTH) / weight.max(LEAST).powf(1.0 - STRENGTH)
            });
        Self { centre: channels.mean.clone(), size: size.collect() }
    }
}
