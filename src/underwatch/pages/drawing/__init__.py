"""Drawing: pictures made of plain data, for a page, for the studio, and as files of their own.

In: numbers and words that are written already, in whatever language.
Out: pictures, as SVG and PNG.
Called by `charts`, and by whoever shows the same; it knows no study and no catalogue.
"""
