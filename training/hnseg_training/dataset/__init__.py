"""The nnU-Net data set that a conversion makes: raw images, splits and masks in one work folder."""
