"""The article's model in Keras 3 on TensorFlow, and its training step and decoder timed.

usage: keras_article.py train-step BATCH FILTERS HOURS   (a compiled step, called directly)
       keras_article.py fit-step BATCH FILTERS HOURS     (a step of `fit`, as people train)
       keras_article.py decode MEMBERS YEARS FILTERS
"""

import math
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

STEP_HOURS = 96
LATENTS = 10
FEATURES = 6
YEAR_HOURS = 8766
# Of a run of `fit`: the article has eight steps an epoch.
FIT_STEPS = 8
FIT_EPOCHS = 12


def encoder(filters):
    """[batch, hour] to mean and log variance, [batch, step, 2 * latent]."""
    layer = lambda width, kernel, stride, activation=None: layers.Conv1D(
        width, kernel, stride, padding="same", activation=activation
    )
    return keras.Sequential(
        [layers.Input((None,)), layers.Reshape((-1, 1)), layer(filters, 5, 3, "relu")]
        + [layer(filters, 3, 2, "relu") for _ in range(4)]
        + [layer(2 * LATENTS, 3, 2)]
    )


def decoder(filters):
    """[batch, step, latent] to the mean of the hours, [batch, hour]."""
    layer = lambda width, kernel, stride, activation=None: layers.Conv1DTranspose(
        width, kernel, stride, padding="same", activation=activation
    )
    return keras.Sequential(
        [layers.Input((None, LATENTS))]
        + [layer(filters, 3, 2, "relu") for _ in range(5)]
        + [layer(1, 5, 3), layers.Reshape((-1,))]
    )


class Model(keras.Model):
    """Encoder, decoder, a seasonal prior and one variance of the noise."""

    def __init__(self, filters):
        super().__init__()
        self.encoder = encoder(filters)
        self.decoder = decoder(filters)
        self.prior = layers.Dense(2 * LATENTS, use_bias=False)
        self.noise_log_var = self.add_weight(shape=(), initializer="zeros", name="noise_log_var")

    @staticmethod
    def draw(pair):
        mean, log_var = ops.split(pair, 2, axis=-1)
        return mean + ops.exp(log_var / 2) * keras.random.normal(ops.shape(mean))

    def losses_of(self, hours, seasonal):
        """Reconstruction and KL in nats per hour."""
        posterior = self.encoder(hours)
        error = hours - self.decoder(self.draw(posterior))
        squares = ops.mean(ops.square(error)) * ops.exp(-self.noise_log_var)
        reconstruction = (self.noise_log_var + squares + math.log(2 * math.pi)) / 2
        mean, log_var = ops.split(posterior, 2, axis=-1)
        prior_mean, prior_log_var = ops.split(self.prior(seasonal), 2, axis=-1)
        ratio = (ops.exp(log_var) + ops.square(mean - prior_mean)) / ops.exp(prior_log_var)
        terms = (prior_log_var - log_var + ratio - 1) / 2
        length = ops.cast(ops.shape(hours)[1], "float32")
        return reconstruction, ops.sum(ops.mean(terms, axis=0)) / length

    def step_function(self, optimizer):
        """A compiled function that takes one step and returns the loss."""

        @tf.function
        def step(hours, seasonal):
            with tf.GradientTape() as tape:
                loss = ops.add(*self.losses_of(hours, seasonal))
            weights = self.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
            return loss

        return step

    def call(self, inputs):
        """What `fit` hands to `compute_loss`; inputs are hours and seasonal features."""
        return self.losses_of(*inputs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        reconstruction, kl = y_pred
        return reconstruction + kl

    def build_for(self, hours):
        self.losses_of(np.zeros((1, hours), "f4"), np.zeros((1, hours // STEP_HOURS, FEATURES), "f4"))


def made_up(*shape):
    return tf.constant(np.random.default_rng(2).normal(size=shape), tf.float32)


def time_train_step(batch, filters, hours):
    model = Model(filters)
    model.build_for(hours)
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build(model.trainable_variables)
    step = model.step_function(optimizer)
    values, seasonal = made_up(batch, hours), made_up(batch, hours // STEP_HOURS, FEATURES)
    return sample(lambda: step(values, seasonal).numpy())


class Clock(keras.callbacks.Callback):
    """Milliseconds of each epoch."""

    def __init__(self):
        super().__init__()
        self.milliseconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.milliseconds.append(1e3 * (time.perf_counter() - self.started))


def time_fit_step(batch, filters, hours):
    model = Model(filters)
    model.build_for(hours)
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    windows = FIT_STEPS * batch
    values, seasonal = made_up(windows, hours), made_up(windows, hours // STEP_HOURS, FEATURES)
    clock = Clock()
    model.fit((values, seasonal), values, batch_size=batch, epochs=FIT_EPOCHS, verbose=0, callbacks=[clock])
    # The first one compiles.
    return [epoch / FIT_STEPS for epoch in clock.milliseconds[1:]]


def time_decode(members, years, filters):
    """All members in one call, which is as fast as some at a time."""
    decode = tf.function(decoder(filters))
    latents = made_up(members, -(-years * YEAR_HOURS // STEP_HOURS), LATENTS)
    return sample(lambda: decode(latents).numpy())


if __name__ == "__main__":
    from timing import report_samples, sample

    tasks = {"train-step": time_train_step, "fit-step": time_fit_step, "decode": time_decode}
    report_samples(tasks[sys.argv[1]](*map(int, sys.argv[2:])))
