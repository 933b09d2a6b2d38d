"""HN-UISeg: conversion of PET/CT and CT-only data with tumour and nodes."""
