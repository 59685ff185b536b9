"""The training step of the article's model in JAX, one compiled function.

usage: jax_article.py train-step BATCH FILTERS HOURS
"""

import sys

import jax
import numpy as np
import optax
from jax import lax
from jax import numpy as jnp

from timing import report_samples, sample

STEP_HOURS = 96
LATENTS = 10
FEATURES = 6
# Sequences and kernels as [batch, time, channel] and [time, in, out].
LAYOUT = ("NWC", "WIO", "NWC")


def layer(key, kernel, channels_in, channels_out):
    limit = np.sqrt(6 / (kernel * (channels_in + channels_out)))
    shape = (kernel, channels_in, channels_out)
    return jax.random.uniform(key, shape, minval=-limit, maxval=limit), jnp.zeros(channels_out)


def weights(filters):
    keys = iter(jax.random.split(jax.random.key(1), 13))
    hidden = lambda: layer(next(keys), 3, filters, filters)
    return {
        "encoder": [layer(next(keys), 5, 1, filters)]
        + [hidden() for _ in range(4)]
        + [layer(next(keys), 3, filters, 2 * LATENTS)],
        "decoder": [layer(next(keys), 3, LATENTS, filters)]
        + [hidden() for _ in range(4)]
        + [layer(next(keys), 5, filters, 1)],
        "prior": 0.2 * jax.random.normal(next(keys), (FEATURES, 2 * LATENTS)),
        "noise_log_var": jnp.zeros(()),
    }


def through(layers, strides, convolve, x):
    for position, ((kernel, bias), stride) in enumerate(zip(layers, strides)):
        x = convolve(x, kernel, (stride,), "SAME", dimension_numbers=LAYOUT) + bias
        x = jax.nn.relu(x) if position + 1 < len(layers) else x
    return x


def loss(w, hours, seasonal, key):
    """In nats per hour."""
    strides = [3, 2, 2, 2, 2, 2]
    posterior = through(w["encoder"], strides, lax.conv_general_dilated, hours[..., None])
    mean, log_var = jnp.split(posterior, 2, axis=-1)
    latents = mean + jnp.exp(log_var / 2) * jax.random.normal(key, mean.shape)
    decoded = through(w["decoder"], strides[::-1], lax.conv_transpose, latents)[..., 0]
    squares = jnp.mean(jnp.square(hours - decoded)) * jnp.exp(-w["noise_log_var"])
    reconstruction = (np.log(2 * np.pi) + w["noise_log_var"] + squares) / 2
    prior_mean, prior_log_var = jnp.split(seasonal @ w["prior"], 2, axis=-1)
    ratio = (jnp.exp(log_var) + jnp.square(mean - prior_mean)) / jnp.exp(prior_log_var)
    terms = (prior_log_var - log_var + ratio - 1) / 2
    return reconstruction + jnp.sum(jnp.mean(terms, axis=0)) / hours.shape[1]


def time_train_step(batch, filters, hours):
    optimizer = optax.adam(1e-3)

    @jax.jit
    def step(state, values, seasonal):
        w, moments, key = state
        key, now = jax.random.split(key)
        gradients = jax.grad(loss)(w, values, seasonal, now)
        updates, moments = optimizer.update(gradients, moments)
        return optax.apply_updates(w, updates), moments, key

    random = np.random.default_rng(2)
    made_up = lambda *shape: jnp.asarray(random.normal(size=shape), jnp.float32)
    values, seasonal = made_up(batch, hours), made_up(batch, hours // STEP_HOURS, FEATURES)
    w = weights(filters)
    state = [(w, optimizer.init(w), jax.random.key(2))]

    def run():
        state[0] = jax.block_until_ready(step(state[0], values, seasonal))

    return sample(run)


if __name__ == "__main__":
    _, batch, filters, hours = sys.argv[1:]
    report_samples(time_train_step(int(batch), int(filters), int(hours)))
