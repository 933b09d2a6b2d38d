"""Data set of nnU-Net that a conversion makes: raw images, splits and masks in one work folder."""
