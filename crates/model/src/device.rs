//! Where tensors live.

use burn::tensor::Device;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of device, as the pipeline file names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceKind {
    /// The processor, all cores.
    #[default]
    Cpu,
    /// The first NVIDIA GPU.
    Cuda,
}

/// Why a device cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    #[error(
        "device = \"cuda\", but this binary was built without the cargo feature `cuda`; run it through \
         `cargo xtask`, which builds it in, or set device = \"cpu\""
    )]
    NotBuilt,
    #[error(
        "device = \"cuda\", but no NVIDIA GPU answers: the driver is missing or sees no card (`nvidia-smi` shows \
         what it sees); install it, or set device = \"cpu\""
    )]
    NoDriver,
}

impl DeviceKind {
    /// Opens the device.
    ///
    /// # Errors
    /// When it is not there.
    pub fn open(self) -> Result<Device, DeviceError> {
        match self {
            DeviceKind::Cpu => Ok(Device::flex()),
            DeviceKind::Cuda => open_cuda(),
        }
    }
}

#[cfg(feature = "cuda")]
fn open_cuda() -> Result<Device, DeviceError> {
    use burn::tensor::DeviceType;

    if Device::enumerate(DeviceType::Cuda).is_empty() {
        return Err(DeviceError::NoDriver);
    }
    Ok(Device::cuda(0))
}

#[cfg(not(feature = "cuda"))]
fn open_cuda() -> Result<Device, DeviceError> {
    Err(DeviceError::NotBuilt)
}
