"""Networks as tutorials build them, brought to the network explorer: every call of every layer equals Keras's.

What Keras computes is recorded while the model runs; it owes nothing to the way in which
the exporter reads a model. The weights are drawn, batch statistics too (LIVE_SEED=...).
"""

from __future__ import annotations

import os
from contextlib import contextmanager

import numpy as np
import pytest

from site_fixtures import *  # noqa: F403
from site_fixtures import hold
from test_live_runtime import SEED, convolutions, page, poolings, the_rest  # noqa: F401
from tools.book import exporter

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
keras = pytest.importorskip("keras")
layers, ops, apps = keras.layers, keras.ops, keras.applications
Sequential, Input, Model = keras.Sequential, keras.Input, keras.Model

save_network = exporter()
CLOSE = 1e-4  # of the largest value of a layer

# ---- The zoo --------------------------------------------------------------------------------

ZOO = {}  # name -> (builder, the pixels that the page should find)


def zoo(pixels=None):
    """Put a builder into the zoo."""

    def put(build):
        ZOO[build.__name__] = (build, pixels)
        return build

    return put


def by_add(*parts):
    """A Sequential that is made by add()."""
    model = Sequential()
    for part in parts:
        model.add(part)
    return model


def conv(filters=4, size=3, **settings):
    """A convolution with ReLU, small."""
    return layers.Conv2D(filters, size, activation="relu", **settings)


def head(x, units=5, activation="softmax"):
    """Pool everything, then a dense layer."""
    return layers.Dense(units, activation=activation)(layers.GlobalAveragePooling2D()(x))


def saved(model, ending):
    """A model as it comes back from a file."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model.{ending}")
        return keras.models.load_model(f"{folder}/model.{ending}")


def tutorial():
    """TensorFlow's tutorial on convolutional networks: convolutions by add(), then a dense top."""
    model = by_add(conv(8, input_shape=(32, 32, 3)), layers.MaxPooling2D((2, 2)), conv(12))
    for part in (
        layers.MaxPooling2D((2, 2)),
        conv(12),
        layers.Flatten(),
        layers.Dense(16, activation="relu"),
        layers.Dense(10),
    ):
        model.add(part)
    return model


@zoo()
def made_by_add():
    return tutorial()


@zoo()
def loaded_from_keras():
    return saved(tutorial(), "keras")


@zoo()
def loaded_from_h5():
    return saved(tutorial(), "h5")


@zoo()
def cloned():
    return keras.models.clone_model(tutorial())


@zoo()
def popped_and_added():
    model = tutorial()
    model.pop()
    model.add(layers.Dense(3, activation="softmax"))
    return model


@zoo()
def popped_twice():
    model = tutorial()
    model.pop()
    model.pop()
    return model


@zoo()
def built_late():
    model = by_add(conv(), layers.Flatten(), layers.Dense(3))
    model.build((None, 10, 9, 1))
    return model


@zoo()
def layers_used_before():
    old = tutorial()
    return Sequential([Input((32, 32, 3)), *old.layers[:4], layers.GlobalAveragePooling2D()])


@zoo()
def features_of_a_sequential():
    old = tutorial()
    return Model(old.inputs, old.layers[3].output)


@zoo()
def beginners_quickstart():
    return Sequential(
        [
            Input((28, 28)),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10),
        ]
    )


@zoo()
def probability_model():
    return Sequential([beginners_quickstart(), layers.Softmax()])


@zoo()
def probability_of_a_loaded_one():
    return Sequential([saved(beginners_quickstart(), "keras"), layers.Softmax()])


@zoo()
def keras_mnist_convnet():
    parts = [Input((28, 28, 1)), conv(8), layers.MaxPooling2D(2), conv(16), layers.MaxPooling2D(2)]
    return Sequential([*parts, layers.Flatten(), layers.Dropout(0.5), layers.Dense(10, activation="softmax")])


@zoo([0, 255])
def flowers_with_augmentation_first():
    augment = Sequential(
        [
            layers.RandomFlip("horizontal", input_shape=(24, 20, 3)),
            layers.RandomRotation(0.1),
            layers.RandomZoom(0.1),
        ]
    )
    parts = [
        layers.Rescaling(1.0 / 255),
        conv(padding="same"),
        layers.MaxPooling2D(),
        conv(6, padding="same"),
        layers.MaxPooling2D(),
    ]
    return Sequential(
        [
            augment,
            *parts,
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(8, activation="relu"),
            layers.Dense(5, name="outputs"),
        ]
    )


@zoo([0, 255])
def augmentation_in_one_row():
    return Sequential(
        [
            Input((12, 12, 3)),
            layers.RandomFlip(),
            layers.RandomContrast(0.2),
            layers.RandomTranslation(0.1, 0.1),
            layers.Rescaling(1 / 255),
            conv(),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )


@zoo([0, 255])
def padding_before_rescaling():
    return Sequential(
        [
            Input((28, 28, 1)),
            layers.ZeroPadding2D(2),
            layers.Rescaling(1 / 127.5, offset=-1),
            conv(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


@zoo([0, 255])
def resizing_first():
    return Sequential(
        [
            Input((20, 30, 3)),
            layers.Resizing(15, 17),
            layers.Rescaling(1 / 255),
            conv(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )


@zoo([0, 255])
def cropped_first():
    return Sequential(
        [
            Input((20, 30, 3)),
            layers.CenterCrop(15, 17),
            layers.Cropping2D(((1, 2), (0, 3))),
            layers.Rescaling(1 / 255),
            conv(),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )


def dogs_and_cats(base, preprocess):
    """Transfer as the guides have it: augmentation, preprocessing, a frozen base, a new top."""
    base.trainable = False
    start = Input((64, 64, 3))
    x = Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.2)])(start)
    x = base(preprocess(x), training=False)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return Model(start, layers.Dense(1, activation="sigmoid")(x))


@zoo([0, 255])
def transfer_mobilenet_v2():
    base = apps.MobileNetV2(input_shape=(64, 64, 3), alpha=0.35, include_top=False, weights=None)
    return dogs_and_cats(base, apps.mobilenet_v2.preprocess_input)


@zoo([0, 255])
def transfer_any_size_inside():
    return dogs_and_cats(
        apps.MobileNet(alpha=0.25, include_top=False, weights=None), layers.Rescaling(1 / 127.5, offset=-1)
    )


@zoo([0, 255])
def transfer_caffe_preprocessing():
    base = Sequential([Input((64, 64, 3)), conv(padding="same"), layers.MaxPooling2D(4)])
    return dogs_and_cats(base, apps.vgg16.preprocess_input)


@zoo([0, 255])
def transfer_torch_preprocessing():
    base = Sequential([Input((64, 64, 3)), conv(padding="same"), layers.MaxPooling2D(4)])
    return dogs_and_cats(base, apps.densenet.preprocess_input)


@zoo([0, 255])
def transfer_in_a_sequential():
    base = apps.MobileNetV2(input_shape=(32, 32, 3), alpha=0.35, include_top=False, weights=None)
    return Sequential(
        [
            Input((32, 32, 3)),
            layers.Rescaling(1 / 255),
            base,
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )


@zoo()
def nested_three_deep():
    inner = Sequential([Input((9, 9, 2)), conv(2, padding="same"), layers.BatchNormalization()])
    middle = Sequential([Input((9, 9, 2)), inner, layers.ReLU()])
    return Sequential([Input((11, 11, 1)), conv(2), middle, layers.Flatten(), layers.Dense(2)])


@zoo()
def nested_called_twice():
    block = Sequential([Input((9, 9, 3)), conv(3, padding="same"), layers.BatchNormalization()])
    start = Input((9, 9, 3))
    return Model(start, head(block(block(start))))


@zoo([0, 255])
def mobilenet_v3_small():
    return apps.MobileNetV3Small(input_shape=(64, 64, 3), alpha=0.75, weights=None, classes=7)


@zoo()
def mobilenet_v3_minimalistic():
    return apps.MobileNetV3Small(
        input_shape=(32, 32, 3),
        alpha=0.75,
        minimalistic=True,
        weights=None,
        classes=7,
        include_preprocessing=False,
    )


@zoo([0, 255])
def efficientnet_b0():
    return apps.EfficientNetB0(input_shape=(32, 32, 3), weights=None, classes=6)


@zoo([0, 255])
def efficientnet_v2_b0():
    return apps.EfficientNetV2B0(input_shape=(32, 32, 3), weights=None, classes=6)


@zoo([0, 255])
def convnext():
    from keras.src.applications.convnext import ConvNeXt

    return ConvNeXt(
        [1, 1, 2, 1],
        [8, 12, 16, 20],
        drop_path_rate=0.1,
        input_shape=(32, 32, 3),
        weights=None,
        classes=4,
        name="tiny",
    )


@zoo()
def nasnet_like_densenet():
    from keras.src.applications.densenet import DenseNet

    return DenseNet([2, 2, 2, 2], input_shape=(32, 32, 3), weights=None, classes=5)


@zoo()
def resnet_blocks():
    start = Input((24, 24, 3))
    x = layers.MaxPooling2D(3, 2, "same")(conv(8, 5, strides=2, padding="same")(start))
    for filters in (8, 12):
        y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        y = layers.Activation("relu")(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", use_bias=False)(y))
        if filters != x.shape[-1]:
            x = layers.Conv2D(filters, 1)(x)
        x = layers.ReLU()(layers.add([x, y]))
    return Model(start, head(x))


@zoo([0, 1])
def residual_by_plus():
    start = Input((12, 12, 1))
    x = conv(4, padding="same")(start - 0.5)
    x = x + conv(4, padding="same")(x)
    return Model(start, head(x * 0.5))


@zoo()
def inception():
    start = Input((16, 16, 3))
    a, b = conv(3, 1)(start), conv(4, 3, padding="same")(conv(2, 1)(start))
    c = conv(2, 5, padding="same")(conv(2, 1)(start))
    d = conv(2, 1)(layers.MaxPooling2D(3, 1, "same")(start))
    return Model(start, head(layers.concatenate([a, b, c, d])))


@zoo([0, 255])
def xception_small():
    start = Input((40, 40, 3))
    x = layers.Rescaling(1.0 / 255)(start)
    x = layers.Activation("relu")(
        layers.BatchNormalization()(layers.Conv2D(8, 3, strides=2, padding="same")(x))
    )
    before = x
    for size in (10, 12):
        for _ in range(2):
            x = layers.BatchNormalization()(
                layers.SeparableConv2D(size, 3, padding="same")(layers.Activation("relu")(x))
            )
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = before = layers.add([x, layers.Conv2D(size, 1, strides=2, padding="same")(before)])
    return Model(start, head(x, 2))


@zoo()
def squeeze_and_excite():
    start = Input((10, 10, 3))
    x = conv(8)(start)
    s = layers.Reshape((1, 1, 8))(layers.GlobalAveragePooling2D()(x))
    s = layers.Dense(8, activation="hard_sigmoid")(layers.Dense(2, activation="relu")(s))
    return Model(start, head(layers.Multiply()([x, s])))


@zoo()
def excited_by_a_row():
    start = Input((10, 10, 3))
    x = conv(8)(start)
    return Model(
        start,
        head(layers.Multiply()([x, layers.Dense(8, activation="sigmoid")(layers.GlobalMaxPooling2D()(x))])),
    )


@zoo()
def autoencoder_convolutional():
    start = Input((28, 28, 1))
    x = layers.MaxPooling2D(2, padding="same")(conv(6, padding="same")(start))
    x = layers.MaxPooling2D(2, padding="same")(conv(6, padding="same")(x))
    x = layers.Conv2DTranspose(6, 3, strides=2, activation="relu", padding="same")(x)
    x = layers.Conv2DTranspose(6, 3, strides=2, activation="relu", padding="same")(x)
    return Model(start, layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x))


@zoo()
def autoencoder_nested():
    encoder = Sequential(
        [Input((28, 28, 1)), conv(4, strides=2, padding="same"), conv(2, strides=2, padding="same")]
    )
    decoder = Sequential(
        [
            Input((7, 7, 2)),
            layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu"),
            layers.UpSampling2D(2, interpolation="bilinear"),
            layers.Conv2D(1, 3, padding="same"),
        ]
    )
    start = Input((28, 28, 1))
    return Model(start, decoder(encoder(start)))


@zoo()
def autoencoder_dense():
    return Sequential(
        [
            Input((28, 28)),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dense(784, activation="sigmoid"),
            layers.Reshape((28, 28)),
        ]
    )


@zoo()
def unet():
    start = Input((24, 24, 3))
    a = conv(4, padding="same")(start)
    b = conv(6, padding="same")(layers.MaxPooling2D()(a))
    c = conv(8, padding="same")(layers.MaxPooling2D()(b))
    x = layers.Concatenate()([layers.UpSampling2D()(c), b])
    x = layers.Conv2DTranspose(4, 2, strides=2)(conv(6, padding="same")(x))
    return Model(
        start, layers.Conv2D(3, 1, activation="softmax")(conv(4, padding="same")(layers.concatenate([x, a])))
    )


@zoo()
def unet_cropped():
    start = Input((30, 30, 1))
    a = conv(4)(start)
    x = layers.Conv2DTranspose(3, (3, 2), strides=(2, 3), padding="valid")(
        conv(4)(layers.AveragePooling2D(2)(a))
    )
    return Model(
        start,
        layers.Concatenate()([layers.Cropping2D(1)(a), layers.Resizing(26, 26, interpolation="nearest")(x)]),
    )


@zoo()
def generator_of_a_gan():
    start = Input((8, 8, 1))
    x = layers.Reshape((4, 4, 6))(layers.Dense(96, use_bias=False)(layers.Flatten()(start)))
    x = layers.LeakyReLU()(layers.BatchNormalization()(x))
    x = layers.LeakyReLU(negative_slope=0.1)(
        layers.Conv2DTranspose(5, 5, strides=1, padding="same", use_bias=False)(x)
    )
    return Model(start, layers.Conv2DTranspose(1, 5, strides=2, padding="same", activation="tanh")(x))


@zoo()
def discriminator():
    return by_add(
        Input((28, 28, 1)),
        layers.GaussianNoise(0.1),
        layers.Conv2D(6, 5, strides=2, padding="same"),
        layers.LeakyReLU(),
        layers.Dropout(0.3),
        layers.Flatten(),
        layers.Dense(1),
    )


@zoo()
def binary():
    return Sequential(
        [Input((15, 15, 3)), conv(), layers.GlobalMaxPooling2D(), layers.Dense(1, activation="sigmoid")]
    )


@zoo()
def many_labels():
    return Sequential([Input((15, 15, 3)), conv(), layers.Flatten(), layers.Dense(6, activation="sigmoid")])


@zoo()
def boxes():
    return Sequential([Input((15, 15, 1)), conv(), layers.Flatten(), layers.Dense(4)])


@zoo()
def lenet():
    parts = [
        layers.Conv2D(6, 5, activation="tanh", padding="same"),
        layers.AveragePooling2D(2),
        layers.Activation("sigmoid"),
        layers.Conv2D(8, 5, activation="tanh"),
    ]
    return Sequential(
        [
            Input((28, 28, 1)),
            *parts,
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(12, activation="tanh"),
            layers.Dense(10, activation="softmax"),
        ]
    )


@zoo()
def vgg_blocks():
    model = by_add(Input((32, 32, 3)))
    for filters in (4, 8):
        for _ in range(2):
            model.add(conv(filters, padding="same", kernel_initializer="he_uniform"))
            model.add(layers.BatchNormalization())
        model.add(layers.MaxPooling2D((2, 2)))
        model.add(layers.Dropout(0.2))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    return model


@zoo()
def old_style_activations():
    model = by_add(
        layers.Conv2D(4, (3, 3), padding="same", input_shape=(12, 12, 3)), layers.Activation("relu")
    )
    return by_add(
        *model.layers,
        layers.Dense(3),
        layers.Activation("softplus"),
        layers.Flatten(),
        layers.Dense(4),
        layers.Activation("softmax"),
    )


@zoo()
def an_input_called_input():
    start = Input((9, 9, 1), name="input")
    return Model(start, layers.Dense(2, name="output")(layers.Flatten(name="flat")(start)))


@zoo()
def a_layer_called_input():
    return Sequential(
        [
            Input((9, 9, 1), name="x"),
            layers.Conv2D(2, 3, name="input"),
            layers.Flatten(name="input_again"),
            layers.Dense(2),
        ]
    )


@zoo()
def one_name_twice():
    part = Sequential([Input((9, 9, 1)), layers.Conv2D(2, 3, name="conv")])
    return Sequential([Input((9, 9, 1)), part, layers.Conv2D(2, 3, name="conv"), layers.Flatten(name="flat")])


@zoo([0, 255])
def divided_by_255():
    start = Input((9, 9, 1))
    return Model(start, layers.Dense(2)(layers.Flatten()(conv()(start / 255.0))))


@zoo([0, 255])
def turned_and_divided():
    start = Input((9, 9, 3))
    x = (255 - start) / np.array([255.0, 127.0, 64.0], "float32")
    return Model(start, head(conv()(x), activation=None))


@zoo()
def softmax_by_operation():
    start = Input((9, 9, 3))
    return Model(start, ops.softmax(head(ops.relu(layers.Conv2D(4, 3)(start)), activation=None)))


@zoo()
def operations_of_many_kinds():
    start = Input((8, 8, 3))
    x = ops.silu(layers.Conv2D(4, 3)(start))
    y = ops.gelu(-x) + keras.activations.relu(x, negative_slope=0.1, max_value=2.0)
    y = ops.maximum(x, y) - ops.minimum(x, 0.3) * ops.sigmoid(y)
    y = ops.concatenate([y[..., ::-1], ops.leaky_relu(y), ops.elu(y)], axis=-1)
    y = ops.mean(ops.transpose(y, (0, 2, 1, 3)), axis=(1, 2))
    return Model(start, ops.reshape(ops.expand_dims(y, 1), (-1, 12)) ** 2)


@zoo([0, 255])
def called_again_from_one_input():
    start = Input((9, 9, 1))
    scale, first = layers.Rescaling(1 / 255), layers.Conv2D(2, 3)
    first(start)
    return Model(start, head(first(scale(start))))


@zoo()
def shared_layer():
    start = Input((9, 9, 3))
    shared = layers.Conv2D(3, 3, padding="same", activation="relu")
    return Model(start, head(layers.Add()([shared(shared(start)), shared(start), start])))


@zoo()
def two_colours_apart():
    start = Input((9, 9, 3))
    one = layers.Reshape((9, 9, 1))(start[..., 0])
    return Model(
        start, head(layers.Concatenate(axis=1)([conv(2)(one), conv(2)(ops.stack([start[..., 1]], -1))]))
    )


@zoo()
def merges():
    start = Input((8, 8, 3))
    a, b = conv(4)(start), conv(4)(start)
    x = layers.Concatenate()(
        [
            layers.Add()([a, b, a]),
            layers.Subtract()([a, b]),
            layers.Multiply()([a, b]),
            layers.Average()([a, b]),
            layers.Maximum()([a, b]),
            layers.Minimum()([a, b]),
        ]
    )
    return Model(start, head(layers.Permute((2, 1, 3))(layers.Concatenate(axis=2)([x, x]))))


def every_activation(names):
    """One dense layer for each activation, side by side."""
    start = Input((5, 5, 1))
    x = layers.Flatten()(start)
    return Model(start, layers.Concatenate()([layers.Dense(6, activation=name)(x) for name in names.split()]))


@zoo()
def activations():
    return every_activation(
        "elu selu celu gelu silu swish mish relu6 leaky_relu exponential softplus softsign squareplus"
    )


@zoo()
def more_activations():
    return every_activation(
        "hard_sigmoid hard_swish hard_silu log_sigmoid tanh hard_tanh hard_shrink soft_shrink tanh_shrink "
        "softmax log_softmax"
    )


@zoo()
def activation_layers():
    parts = [
        layers.ELU(0.7),
        layers.PReLU(),
        layers.PReLU(shared_axes=[1, 2]),
        layers.LeakyReLU(negative_slope=0.3),
        layers.ReLU(6.0),
    ]
    pairs = [part for layer in parts for part in (layers.Conv2D(4, 2), layer)]
    return Sequential(
        [
            Input((12, 12, 1)),
            *pairs,
            layers.Conv2D(3, 3, activation=layers.LeakyReLU(negative_slope=0.05)),
            layers.Flatten(),
            layers.Dense(2, activation=keras.activations.tanh),
        ]
    )


@zoo()
def normalisations():
    parts = [
        layers.LayerNormalization(),
        layers.GroupNormalization(2),
        layers.GroupNormalization(-1),
        layers.LayerNormalization(axis=[1, 2, 3]),
        layers.LayerNormalization(scale=False),
        layers.GroupNormalization(4, center=False),
        layers.RMSNormalization(),
    ]
    pairs = [part for layer in parts for part in (layers.Conv2D(4, 2), layer)]
    return Sequential([Input((12, 12, 1)), *pairs, layers.Flatten(), layers.Dense(2)])


@zoo([0, 255])
def normalization_given():
    return Sequential(
        [
            Input((9, 9, 3)),
            layers.Normalization(mean=[123.0, 116.0, 103.0], variance=[3500.0, 3200, 3300]),
            conv(),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )


@zoo([0, 255])
def normalization_adapted():
    layer = layers.Normalization()
    layer.adapt(np.random.default_rng(1).uniform(0, 255, (20, 9, 9, 3)))
    return Sequential([Input((9, 9, 3)), layer, conv(), layers.Flatten(), layers.Dense(2)])


@zoo([0, 1])
def normalization_of_all():
    layer = layers.Normalization(axis=None)
    layer.adapt(np.random.default_rng(1).uniform(0, 1, (20, 9, 9)))
    return Sequential([Input((9, 9)), layer, layers.Flatten(), layers.Dense(2)])


@zoo()
def only_for_training():
    random = [
        layers.RandomBrightness(0.2, value_range=(0, 1)),
        layers.RandomContrast(0.2),
        layers.RandomZoom(0.1),
        layers.RandomTranslation(0.1, 0.1),
        layers.RandomShear(0.1, 0.1),
        layers.RandomSaturation((0.2, 0.8), value_range=(0, 1)),
        layers.RandomHue(0.2, value_range=(0, 1)),
    ]
    noise = [
        layers.GaussianNoise(0.1),
        layers.GaussianDropout(0.1),
        layers.AlphaDropout(0.1),
        layers.SpatialDropout2D(0.1),
        layers.ActivityRegularization(0.1),
        layers.Dropout(0.1),
        layers.Identity(),
    ]
    return Sequential([Input((12, 12, 3)), *random, conv(), *noise, layers.Flatten(), layers.Dense(2)])


@zoo()
def more_that_is_only_for_training():
    random = [
        layers.RandomColorDegeneration(0.2, value_range=(0, 1)),
        layers.RandomColorJitter((0, 1), 0.2, 0.2, (0.2, 0.8), 0.2),
        layers.RandomErasing(0.2, value_range=(0, 1)),
        layers.RandomGaussianBlur(0.2, value_range=(0, 1)),
        layers.RandomGrayscale(0.2),
        layers.RandomPerspective(0.2),
        layers.RandomSharpness(0.2, value_range=(0, 1)),
        layers.RandomInvert(0.2, value_range=(0, 1)),
        layers.RandomElasticTransform(value_range=(0, 1)),
        layers.RandomPosterization(4, value_range=(0, 1)),
        layers.RandAugment(value_range=(0, 1)),
        layers.AugMix(value_range=(0, 1)),
    ]
    rows = [layers.Reshape((-1, 4)), layers.SpatialDropout1D(0.2)]
    return Sequential([Input((12, 12, 3)), *random, conv(), *rows, layers.Flatten(), layers.Dense(2)])


@zoo()
def more_operations():
    start = Input((8, 8, 3))
    x = ops.cast(layers.Conv2D(4, 3)(start), "float32")
    y = [ops.relu6(x), ops.selu(x), ops.softplus(x), ops.softsign(x), ops.tanh(x), ops.exp(x)]
    y += [ops.hard_sigmoid(x), ops.hard_silu(x), ops.hard_tanh(x), ops.log_softmax(x)]
    y = ops.divide(ops.concatenate(y, -1), ops.concatenate([ops.softplus(x) + 1.0] * 10, -1))
    y = ops.squeeze(ops.expand_dims(ops.max(y, axis=(1, 2)), 1), 1)
    return Model(start, layers.Dense(3, activation=layers.Softmax())(y))


@zoo()
def operations_with_settings():
    start = Input((8, 8, 3))
    x = layers.Conv2D(4, 3)(start)
    y = [ops.elu(x, alpha=0.5), keras.activations.elu(x, 0.3), keras.activations.leaky_relu(x, 0.4)]
    y += [ops.gelu(x, approximate=False), ops.log_softmax(x, axis=3), ops.multiply(x1=x, x2=2.0)]
    y += [1.0 / (ops.exp(x) + 1.0), 2.0**x, (ops.relu(x) + 1.0) ** -0.5, x * np.arange(4.0, dtype="float32")]
    y += [layers.ELU(0.2)(x), ops.maximum(0.0, x), -x]
    return Model(start, layers.Dense(3)(ops.max(ops.concatenate(y, axis=-1), axis=[-2, -3])))


@zoo()
def activations_of_tensorflow():
    import tensorflow as tf

    nn = tf.nn
    functions = [nn.relu, nn.relu6, nn.leaky_relu, nn.elu, nn.selu, nn.gelu, nn.swish, nn.sigmoid, nn.tanh]
    functions += [nn.softplus, nn.softsign, nn.softmax, nn.log_softmax]
    parts = [layers.Conv2D(4, 1, activation=function) for function in functions]
    return Sequential(
        [Input((6, 6, 3)), *parts, layers.Activation(nn.relu), layers.Flatten(), layers.Dense(2)]
    )


@zoo()
def operations_as_activations():
    names = "relu relu6 leaky_relu elu selu celu silu mish softplus softsign squareplus sigmoid hard_sigmoid"
    names += " log_sigmoid tanh hard_tanh hard_silu hard_shrink soft_shrink tanh_shrink softmax log_softmax"
    names = [name for name in names.split() if hasattr(ops, name)]
    parts = [layers.Conv2D(4, 1, activation=getattr(ops, name)) for name in names]
    return Sequential([Input((6, 6, 3)), *parts, layers.Activation(ops.relu), layers.Flatten()])


@zoo()
def channels_by_full_brackets():
    start = Input((8, 8, 3))
    x = layers.Conv2D(4, 3)(start[:, :, :, ::-1])
    return Model(
        start, layers.Dense(3)(layers.Flatten()(ops.concatenate([x[..., 1:3], x[:, :, :, :2]], axis=-1)))
    )


@zoo()
def subclass_by_its_call():
    class Mine(keras.Model):
        def __init__(self):
            super().__init__()
            self.parts = [conv(), layers.BatchNormalization(), layers.Dropout(0.5), layers.Flatten()]
            self.last = layers.Dense(3)

        def call(self, x, training=None):
            for part in self.parts:
                x = part(x, training=training) if isinstance(part, layers.Dropout) else part(x)
            return self.last(x)

    start = Input((8, 8, 3))
    return Model(start, Mine().call(start))


@zoo()
def names_of_all_kinds():
    start = Input((9, 8, 3), name="ein Bild \u00e4\u00f6")
    x = layers.Conv2D(4, 3, name="conv 1 <b>&amp;")(start)
    x = layers.Conv2D(4, 1, name='it\'s "quoted"')(layers.ReLU(name="ReLU\u2192\u732b")(x))
    x = layers.Conv2D(4, 1, name="toString")(layers.Conv2D(4, 1, name="long " * 50)(x))
    x = layers.Conv2D(4, 1, name="long " * 51)(x)
    x = layers.Dense(3, name="__proto__")(layers.Flatten(name="constructor")(x))
    return Model(start, layers.Softmax(name="hasOwnProperty")(x), name="mein <i>Netz 1")


@zoo()
def one_layer_at_two_sizes():
    start, shared = Input((12, 12, 3)), layers.Conv2D(3, 3, padding="same")
    a, b = shared(start), shared(layers.MaxPooling2D()(start))
    return Model(start, layers.Dense(2)(layers.Concatenate()([layers.Flatten()(a), layers.Flatten()(b)])))


@zoo()
def channels_shuffled():
    start = Input((8, 8, 3))
    x = layers.Reshape((8, 8, 2, 4))(layers.Conv2D(8, 3, groups=1, padding="same")(start))
    x = layers.Reshape((8, 8, 8))(layers.Permute((1, 2, 4, 3))(x))
    return Model(start, head(layers.Conv2D(6, 3, groups=2, dilation_rate=(1, 2))(x)))


@zoo()
def transposed_with_gaps():
    start = Input((5, 4, 1))
    x = layers.Conv2DTranspose(3, 2, strides=3, activation=layers.ReLU(max_value=0.5, negative_slope=0.1))(
        start
    )
    x = layers.ReLU(threshold=0.2)(layers.UpSampling2D((1, 2), interpolation="bilinear")(x))
    x = layers.Dense(4, activation="log_softmax")(layers.Dense(4, activation=layers.ELU(0.3))(x))
    return Model(start, head(layers.Activation("log_softmax")(x), activation=None))


@zoo()
def frozen_and_compiled():
    model = tutorial()
    model.trainable = False
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@zoo()
def fixed_batch():
    return Sequential([Input(batch_shape=(1, 9, 9, 1)), conv(), layers.Flatten(), layers.Dense(2)])


@zoo([0, 255])
def any_size_made_fixed():
    anywhere = Sequential(
        [
            Input((None, None, 3)),
            layers.Rescaling(1 / 255),
            conv(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )
    start = Input((14, 13, 3))
    return Model(start, anywhere(start))


@zoo()
def a_subclass_without_a_call():
    class Mine(keras.Model):
        def train_step(self, data):
            return {}

    start = Input((9, 9, 1))
    return Mine(start, layers.Dense(2)(layers.Flatten()(start)))


# ---- What the page makes of it ----------------------------------------------------------------


@contextmanager
def recorded():
    """While it is open, what each layer and each operation returns, in the order of the calls."""
    found, depth = [], [0]
    classes = [keras.Layer, keras.Operation]
    before = [kind.__call__ for kind in classes]

    def watched(original):
        def call(self, *args, **kwargs):
            if isinstance(self, keras.Model) or depth[0]:
                return original(self, *args, **kwargs)
            depth[0] += 1
            try:
                answer = original(self, *args, **kwargs)
            finally:
                depth[0] -= 1
            found.append((f"{self.name} ({type(self).__name__})", np.asarray(answer)[0]))
            return answer

        return call

    for kind, original in zip(classes, before, strict=True):
        kind.__call__ = watched(original)
    try:
        yield found
    finally:
        for kind, original in zip(classes, before, strict=True):
            kind.__call__ = original


def shake_all(model, rng):
    """Every weight of a model and of those within it gets a random value; statistics stay sound."""
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, (keras.Model, layers.Normalization)) or not layer.get_weights():
            continue
        values = [rng.normal(0, 0.5, w.shape) for w in layer.get_weights()]
        if isinstance(layer, layers.BatchNormalization):
            values[-1] = rng.uniform(0.5, 2, values[-1].shape)
        elif values[0].ndim > 1:
            values[0] /= np.sqrt(np.prod(values[0].shape[:-1]) / 4)
        layer.set_weights(values)


COMPARE = """async ([names, close]) => {
    const { loadNetwork } = await import("/network-file.mjs");
    const floats = async (file) => new Float32Array(await (await fetch(file)).arrayBuffer());
    const said = [], FAINTEST = 1e-30; // what is fainter, one of the two may have rounded to 0
    for (const name of names) {
        try {
            const network = await loadNetwork(`${name}.p2p`), wanted = await floats(`${name}.f32`);
            const size = network.input.reduce((a, b) => a * b), found = network.run(wanted.subarray(0, size)),
                wrong = [];
            let at = size;
            for (const layer of network.layers) {
                const { data } = found.get(layer.name);
                let gap = 0, most = FAINTEST;
                for (let i = 0; i < data.length; i++) {
                    const difference = Math.abs(data[i] - wanted[at + i]);
                    gap = Number.isNaN(difference) ? Infinity : Math.max(gap, difference);
                    most = Math.max(most, Math.abs(wanted[at + i]));
                }
                at += data.length;
                if (!(gap <= close * most))
                    wrong.push(`${layer.name} (${layer.type}) is off by ${(gap / most).toPrecision(2)}`);
            }
            const { data } = found.get(network.output), last = wanted.subarray(wanted.length - data.length);
            const most = Math.max(FAINTEST, ...last.map(Math.abs));
            if (!data.every((value, i) => Math.abs(value - last[i]) <= close * most)) wrong.push("the answer differs");
            if (at + data.length !== wanted.length)
                wrong.push(`${at + data.length} numbers, and Keras has ${wanted.length}`);
            said.push({ name, wrong: wrong.slice(0, 3), pixels: network.pixels,
                parameters: network.parameters });
        } catch (error) {
            said.push({ name, wrong: [String(error)] });
        }
    }
    return said;
}"""


@pytest.fixture(scope="module")
def written(page):  # noqa: F811
    """Every network and what Keras makes of it, for the page: {name: (parameters, pixels)}, and what went wrong."""
    rng, counts, wrong = np.random.default_rng(SEED), {}, []
    for name, (build, pixels) in ZOO.items():
        # To look for garbage takes longer than to build most of them.
        keras.utils.clear_session(free_memory=False)
        model = build()
        shake_all(model, rng)
        picture = rng.uniform(0, 255 if pixels == [0, 255] else 1, (1, *model.inputs[0].shape[1:])).astype(
            "float32"
        )
        with recorded() as found:
            answer = model(picture, training=False)
        try:
            save_network(model, page.folder / f"{name}.p2p")
        except Exception as error:  # told below, with all the others
            wrong.append(f"{name}: {error!r}")
            continue
        rows = [picture, *(value for _, value in found), np.asarray(answer)]
        np.concatenate([np.ravel(row) for row in rows]).astype("<f4").tofile(page.folder / f"{name}.f32")
        counts[name] = (model.count_params(), pixels)
    return counts, wrong


def test_every_layer_of_every_network_equals_keras(page, written):  # noqa: F811
    """Each call of each layer, and the answer, within 1e-4 of its largest value; and the pixels are found."""
    counts, wrong = written[0], list(written[1])
    for said in page.evaluate(COMPARE, [list(counts), CLOSE]):
        wrong += [f"{said['name']}: {fault}" for fault in said["wrong"]]
        if not said["wrong"] and counts[said["name"]] != (said["parameters"], said["pixels"]):
            wrong.append(
                f"{said['name']}: {said['parameters']} parameters and {said['pixels']}, not {counts[said['name']]}"
            )
    assert len(ZOO) >= 60
    hold([f"LIVE_SEED={SEED}: {one}" for one in wrong])


def share(units=3, activation="softmax"):
    """A small network that ends in shares."""
    return Sequential([Input((4, 4, 1)), layers.Flatten(), layers.Dense(units, activation=activation)])


def joined(join, *given):
    """What a picture's shares become."""
    start = Input((4, 4, 1))
    return Model(start, join(*(part(start) for part in given)))


ONE = ["no", "yes"]  # two names for one output
ENDS = {  # how a network ends, its names, whether the page shows shares, and what it adds to make them so
    "mean of two softmaxes": (
        lambda: joined(lambda *x: layers.Average()(x), share(), share()),
        "abc",
        True,
        None,
    ),
    "the same by signs": (lambda: joined(lambda x, y: (x + y) / 2, share(), share()), "abc", False, None),
    "weighted": (lambda: joined(lambda x, y: 0.3 * x + 0.7 * y, share(), share()), "abc", False, None),
    "in per cent": (lambda: joined(layers.Rescaling(100.0), share()), "abc", False, None),
    "mean of two sigmoids": (
        lambda: joined(lambda *x: layers.Average()(x), share(1, "sigmoid"), share(1, "sigmoid")),
        ONE,
        True,
        None,
    ),
    "one against the rest": (
        lambda: joined(lambda *x: layers.Concatenate()(x), *(share(1, "sigmoid") for _ in "abc")),
        "abc",
        True,
        None,
    ),
    "no and yes": (
        lambda: joined(lambda x: layers.Concatenate()([1 - x, x]), share(1, "sigmoid")),
        ONE,
        False,
        None,
    ),
    "mean of logits": (
        lambda: joined(lambda *x: layers.Average()(x), share(3, None), share(3, None)),
        "abc",
        True,
        "softmax",
    ),
    "gated": (
        lambda: joined(lambda x, y: x * y, share(3, None), share(3, "sigmoid")),
        "abc",
        True,
        "softmax",
    ),
    "cooled": (lambda: joined(lambda x: x / 3, share(3, None)), "abc", True, "softmax"),
    "learned from shares": (
        lambda: joined(lambda x: layers.Dense(3)(x), share(3, "sigmoid")),
        "abc",
        True,
        "softmax",
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_shares_are_not_made_shares_again(page, name):  # noqa: F811
    """What was a softmax before it was averaged gets no second one; logits get theirs."""
    build, classes, shares, add = ENDS[name]
    file = f"ends-{list(ENDS).index(name)}.p2p"
    save_network(build(), page.folder / file, list(classes))
    said = page.evaluate(
        """async (file) => {
            const { loadNetwork } = await import("/network-file.mjs");
            const { answerOf } = await import("/network-answer.mjs");
            return answerOf(await loadNetwork(file));
        }""",
        file,
    )
    assert (said["shares"], said.get("add")) == (shares, add)


EXPLAIN = """async ([names, places, close]) => {
    const { loadNetwork } = await import("/network-file.mjs"), { TRAINING_ONLY } = await import("/runtime.mjs");
    const { PASSING, explain, kindsOf } = await import("/why.mjs"),
        { showWhy } = await import("/why-shown.mjs");
    const kinds = new Set(), plain = new Set(), wrong = [];
    for (const file of names) {
        const network = await loadNetwork(`${file}.p2p`),
            floats = new Float32Array(await (await fetch(`${file}.f32`)).arrayBuffer());
        const found = network.run(floats.subarray(0, network.input.reduce((a, b) => a * b))),
            colours = kindsOf(network, "image");
        for (const layer of network.layers) {
            const { data } = found.get(layer.name), { type, name } = layer,
                complain = (text) => wrong.push(`${file}: ${name} (${type}) ${text}`);
            const most = data.reduce((a, b) => Math.max(a, Math.abs(b)), 0),
                x = found.get(layer.inputs[0]).data;
            kinds.add(type);
            if (colours.get(name) === "relu" && data.some((value) => value < 0))
                complain("has values below zero and the colours of those above");
            if (PASSING.includes(type) && !data.every((value, n) => value === x[n]))
                complain("is said to pass values on and does not");
            for (const place of places) {
                const n = Math.floor(place * data.length), said = explain(network, found, layer, n);
                let text = "";
                try {
                    const where = { layer, n, part: said.parts ? 0 : null,
                        className: (unit) => `class ${unit}`, drawnAs: (one) => one, opened: () => {} };
                    where.read = (one) => [colours.get(one), 1];
                    where.shapeOf = (one) => found.get(one).shape;
                    text = showWhy(said, where).map((part) => part.textContent).join(" ");
                } catch (error) {
                    complain(`cannot be shown: ${error}`);
                }
                if (!text.trim() || /undefined|NaN|object|null|function/.test(text)) complain(`says ${text}`);
                if (/training only/.test(text) && !TRAINING_ONLY.includes(type)) complain(`says ${text}`);
                if (said.kind === "plain") {
                    plain.add(type);
                    if (!/does not take them apart/.test(text)) complain(`says ${text}`);
                    continue;
                }
                const answer = said.answer ?? said.z, sum = (said.parts ?? []).reduce((a,
                    { product }) => a + product, 0);
                if (!(Math.abs(answer - data[n]) <= close * Math.max(most, 1e-30)))
                    complain(`explains ${answer} and has ${data[n]}`);
                if (said.parts && !(Math.abs(sum + (said.bias ?? 0) - said.z) <= 1e-9 * Math.max(1, Math.abs(said.z))))
                        complain("has parts that do not add up");
                for (const { name: from, from: list } of [said.reads]) if (!list.every((k) => k >= 0 &&
                    k < found.get(from).data.length)) complain("reads what is not there");
                if (said.back && !(said.back.n >= 0 &&
                    said.back.n < found.get(said.back.name).data.length)) complain("leads back to nothing");
            }
        }
    }
    return { kinds: [...kinds].sort(), plain: [...plain].sort(), wrong: wrong.slice(0, 40),
        count: wrong.length };
}"""


def test_every_kind_of_layer_explains_its_values(page, written):  # noqa: F811
    """What is said to have made a value leads to that value, in every layer of every network.

    No layer is said to work in training only but those that do.
    """
    rng = np.random.default_rng(SEED)
    said = page.evaluate(EXPLAIN, [list(written[0]), rng.random(9).tolist(), CLOSE])
    hold([f"LIVE_SEED={SEED}: {one}" for one in said["wrong"]])
    assert said["plain"] == []
    kinds = set(page.evaluate("async () => Object.keys((await import('/runtime.mjs')).LAYERS)"))
    known = {name for name in save_network.__globals__["KNOWN"] if name != name.lower()}
    assert known == kinds - {"InputLayer"}  # older files have one for the picture
    assert known - set(said["kinds"]) == set()


def test_layers_alone_are_in_the_zoo_as_well(page, written):  # noqa: F811
    """What the runtime's tests try, with its arguments drawn, the exporter knows."""
    rng = np.random.default_rng(0)
    tried = {type(layer).__name__ for group in (convolutions, poolings, the_rest) for layer, _ in group(rng)}
    assert tried <= save_network.__globals__["KNOWN"]
