"""Colours of the map: told apart by their lightness, also with the three kinds of colour blindness."""

import json

from web.served import Page

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB
SIMULATED = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


def lightness(matrix, colour):
    """CIE L* of a colour as somebody with that vision sees it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    red, green, blue = (min(1.0, max(0.0, sum(m * c for m, c in zip(row, linear, strict=True)))) for row in matrix)
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def test_colours_stay_apart_for_the_colour_blind(browser, studio):
    """Calm, followed and listed differ in lightness under simulated protanopia, deuteranopia and tritanopia."""
    one = Page(browser, studio)
    read = "names => names.map(name => getComputedStyle(document.documentElement).getPropertyValue(name).trim())"
    for scheme in ("light", "dark"):
        one.page.emulate_media(color_scheme=scheme)
        colours = one.page.evaluate(read, ["--map", "--calm", "--followed", "--listed"])
        for matrix in SIMULATED.values():
            seen = [lightness(matrix, colour) for colour in colours]
            assert all(abs(a - b) > 6 for i, a in enumerate(seen) for b in seen[:i]), (scheme, json.dumps(seen))
    one.close()
