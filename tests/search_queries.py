"""What learners type into the search, and the section that must come first.

The search was written and weighed while looking at WRITING. JUDGING were written down
before they were tried.
"""

HELPERS = "notebooks/05_dense_classifier.html#what-do-batch-normalisation-dropout-and-augmentation-do"

WRITING = {
    "padding same valid": "notebooks/02_feature_maps.html#what-do-padding-stride-and-dilation-change",
    "receptive field": "notebooks/02_feature_maps.html#how-far-does-one-value-see",
    "leaky relu": "notebooks/03_relu.html#what-if-the-negative-side-leaks",
    "confusion matrix": "notebooks/07_trust.html#which-garments-does-it-mix-up",
    "output size formula": "notebooks/02_feature_maps.html#how-large-is-the-map",
    "softmax": "notebooks/05_dense_classifier.html#how-do-scores-become-probabilities-and-a-loss",
    "max vs average pooling": "notebooks/04_pooling.html#what-do-max-and-mean-pooling-compute",
    "freeze layers trainable false": "notebooks/06_transfer_learning.html#is-it-really-frozen",
    "depthwise separable": "notebooks/09_mobilenet.html#what-does-a-depthwise-separable-convolution-do",
    "bias": "notebooks/01_filters.html#what-does-the-bias-do",
    "stride": "notebooks/02_feature_maps.html#what-do-padding-stride-and-dilation-change",
    "dying relu": "notebooks/03_relu.html#when-does-a-unit-die",
    "learning rate": "notebooks/05_dense_classifier.html#how-fast-should-it-learn",
    "backprop through max pooling": "notebooks/04_pooling.html#where-does-the-gradient-go",
    "1x1 convolution": "notebooks/02_feature_maps.html#filters-of-size-1x1",
    "convolution vs cross-correlation": "notebooks/01_filters.html#is-this-really-a-convolution",
    "translation equivariance": "notebooks/02_feature_maps.html#does-the-map-move-with-the-picture",
    "train on my own photos": "notebooks/06_transfer_learning.html#can-it-learn-your-own-photographs",
    "why share weights": "notebooks/01_filters.html#why-share-the-weights",
    "grad-cam": "notebooks/10_inside.html#where-does-the-network-look",
    "overfitting dropout": HELPERS,
    "number of parameters dense layer": "notebooks/05_dense_classifier.html#where-do-the-parameters-sit",
    "save and load model": "notebooks/05_dense_classifier.html#is-it-the-same-network-after-saving",
    "edge detection": "notebooks/01_filters.html#which-edges-does-sobel-x-find",
    "fine tuning": "notebooks/06_transfer_learning.html#what-does-fine-tuning-change",
    "why non-linear activation": "notebooks/03_relu.html#why-must-there-be-a-bend",
    "rgb image channels": "notebooks/02_feature_maps.html#what-happens-to-colour",
    "random seed variance": "notebooks/05_dense_classifier.html#is-one-run-enough",
    "what does flatten do": "notebooks/05_dense_classifier.html#how-do-maps-become-scores",
    "preprocessing pixel range": "notebooks/06_transfer_learning.html#what-does-the-wrong-scaling-cost",
    "shift invariance of pooling": "notebooks/04_pooling.html#how-much-does-a-shift-change-the-result",
    "what information does pooling lose": "notebooks/04_pooling.html#what-is-lost",
    "computational cost of a convolution": "notebooks/02_feature_maps.html#what-does-it-cost",
    "few training images": "notebooks/06_transfer_learning.html#how-far-do-few-pictures-go",
    "mobilenet architecture": "notebooks/09_mobilenet.html#what-is-a-mobilenet-made-of",
    "learn a filter by gradient descent": "notebooks/01_filters.html#can-a-filter-be-learned",
    "relu on the output layer": "notebooks/05_dense_classifier.html#how-do-scores-become-probabilities-and-a-loss",
    "vanishing gradient": "notebooks/03_relu.html#why-not-a-sigmoid",
    "xor": "notebooks/03_relu.html#what-can-two-hinges-make",
    "classify my own picture": "notebooks/05_dense_classifier.html#can-it-read-your-own-picture",
    "when not to use transfer learning": "notebooks/06_transfer_learning.html#when-does-it-help-and-when-not",
    "larger kernel 5x5": "notebooks/01_filters.html#what-changes-when-the-filter-grows",
}
JUDGING = {
    "count multiply adds": "notebooks/02_feature_maps.html#what-does-it-cost",
    "cross entropy": "notebooks/05_dense_classifier.html#how-do-scores-become-probabilities-and-a-loss",
    "sharpen or blur": "notebooks/01_filters.html#what-can-you-read-from-nine-numbers",
    "dilation": "notebooks/02_feature_maps.html#what-do-padding-stride-and-dilation-change",
    "imagenet pretrained weights": "notebooks/06_transfer_learning.html#how-do-you-borrow-a-backbone",
    "class activation heatmap": "notebooks/10_inside.html#where-does-the-network-look",
    "batchnorm training vs inference": HELPERS,
    "two layers without activation": "notebooks/03_relu.html#why-must-there-be-a-bend",
    "random filters": "notebooks/01_filters.html#do-random-filters-find-edges",
    "data augmentation": HELPERS,
}
