"""The training step of the article's model in PyTorch, eager.

usage: torch_article.py train-step BATCH FILTERS HOURS
"""

import math
import sys

import torch
from torch import nn
from torch.nn import functional

from timing import report_samples, sample

STEP_HOURS = 96
LATENTS = 10
FEATURES = 6


class Encoder(nn.Module):
    def __init__(self, filters):
        super().__init__()
        self.first = nn.Conv1d(1, filters, 5, stride=3, padding=1)
        self.middle = nn.ModuleList(nn.Conv1d(filters, filters, 3, stride=2) for _ in range(4))
        self.last = nn.Conv1d(filters, 2 * LATENTS, 3, stride=2)

    def forward(self, hours):
        x = self.first(hours.unsqueeze(1)).relu()
        # TensorFlow's `same` pads one step at the end where the stride is two.
        for layer in self.middle:
            x = layer(functional.pad(x, (0, 1))).relu()
        return self.last(functional.pad(x, (0, 1)))


class Decoder(nn.Module):
    def __init__(self, filters):
        super().__init__()
        channels = [LATENTS] + [filters] * 4
        self.layers = nn.ModuleList(nn.ConvTranspose1d(c, filters, 3, stride=2) for c in channels)
        self.last = nn.ConvTranspose1d(filters, 1, 5, stride=3, padding=1)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)[..., : 2 * x.shape[-1]].relu()
        return self.last(x).squeeze(1)


class Model(nn.Module):
    def __init__(self, filters):
        super().__init__()
        self.encoder, self.decoder = Encoder(filters), Decoder(filters)
        self.prior = nn.Linear(FEATURES, 2 * LATENTS, bias=False)
        self.noise_log_var = nn.Parameter(torch.zeros(()))

    def forward(self, hours, seasonal):
        """The loss in nats per hour."""
        mean, log_var = self.encoder(hours).chunk(2, dim=1)
        latents = mean + (log_var / 2).exp() * torch.randn_like(mean)
        squares = (hours - self.decoder(latents)).square().mean() * (-self.noise_log_var).exp()
        reconstruction = (math.log(2 * math.pi) + self.noise_log_var + squares) / 2
        prior_mean, prior_log_var = self.prior(seasonal).transpose(1, 2).chunk(2, dim=1)
        ratio = (log_var.exp() + (mean - prior_mean).square()) / prior_log_var.exp()
        terms = (prior_log_var - log_var + ratio - 1) / 2
        return reconstruction + terms.mean(0).sum() / hours.shape[1]


def time_train_step(batch, filters, hours):
    torch.manual_seed(2)
    model = Model(filters)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    values = torch.randn(batch, hours)
    seasonal = torch.randn(batch, hours // STEP_HOURS, FEATURES)

    def step():
        optimizer.zero_grad()
        model(values, seasonal).backward()
        optimizer.step()

    return sample(step)


if __name__ == "__main__":
    _, batch, filters, hours = sys.argv[1:]
    report_samples(time_train_step(int(batch), int(filters), int(hours)))
