"""Packages of evidence, and tables to import, that are no such thing or far too much of it."""

import os
import sqlite3
import zipfile

from files.hostile.making import MB, case, fifo, files_of_a_package, package, raw_zip, with_file, written, zeros, zipped


def check_zip(folder, data):
    return ["check", written(folder / "x.zip", data)]


@case
def a_zip_of_empty_rows(folder):
    files = files_of_a_package()
    return check_zip(folder, zipped(files | {"reports.csv": files["reports.csv"] + b"\n" * (38 * MB)}))


@case
def a_zip_of_rows_that_end_in_carriage_returns(folder):
    files = files_of_a_package()
    return check_zip(folder, zipped(files | {"reports.csv": files["reports.csv"] + b"\r" * (38 * MB)}))


@case
def a_zip_of_commas(folder):
    files = files_of_a_package()
    return check_zip(folder, zipped(files | {"reports.csv": files["reports.csv"] + b"," * (38 * MB)}))


@case
def a_zip_with_a_header_of_commas(folder):
    return check_zip(folder, zipped(files_of_a_package() | {"reports.csv": b"," * (38 * MB) + b"\n"}))


@case
def a_zip_of_five_hundred_large_files(folder):
    body, size, crc = zeros(64)
    return check_zip(folder, raw_zip([(f"{n}.csv", body, size, crc) for n in range(500)]))


@case
def a_zip_that_lies_about_its_sizes(folder):
    body, _, crc = zeros(64)
    return check_zip(folder, raw_zip([(f"{n}.csv", body, 10, crc) for n in range(400)]))


@case
def a_zip_whose_files_lie_over_each_other(folder):
    body, size, crc = zeros(16)
    return check_zip(folder, raw_zip([(f"{n}.csv", body, size, crc) for n in range(2)], over=True))


@case
def a_zip_of_a_million_names(folder):
    return check_zip(folder, raw_zip([(f"{n:07d}", b"", 0, 0) for n in range(600_000)], over=True))


@case
def a_zip_with_a_password(folder):
    return check_zip(folder, raw_zip([("reports.csv", b"x" * 40, 40, 0)], flags=1))


@case
def a_zip_packed_with_lzma(folder):
    return check_zip(folder, zipped(files_of_a_package() | {"reports.csv": bytes(39 * MB)}, zipfile.ZIP_LZMA))


@case
def a_table_of_one_cell(folder):
    return ["check", str(with_file(folder, "reports.csv", b'"' + b"x" * (38 * MB) + b'"\n'))]


@case
def a_table_of_two_columns_in_quotes(folder):
    return ["check", str(with_file(folder, "reports.csv", b'"",""\n' * 1_200_000))]


@case
def a_table_of_short_rows(folder):
    header = files_of_a_package()["reports.csv"]
    return ["check", str(with_file(folder, "reports.csv", header + b"x\n" * 1_400_000))]


@case
def a_table_with_a_letter_of_four_bytes(folder):
    return ["check", str(with_file(folder, "reports.csv", "\U0001f600".encode() + b"x" * (38 * MB)))]


@case
def a_package_of_cells_that_are_all_different(folder):
    files = files_of_a_package()
    for name in ("reports.csv", "changes.csv"):
        n = files[name].count(b",") + 1
        rows = (",".join(f"{row:x}z{at}" for at in range(n)) for row in range(50_000))
        (with_file(folder, name, files[name] + "\n".join(rows).encode() + b"\n"))
    return ["check", str(package(folder))]


@case
def a_pipe_in_a_package(folder):
    (package(folder) / "survey.csv").unlink(missing_ok=True)
    os.mkfifo(package(folder) / "survey.csv")
    return ["evidence", "summary", str(package(folder))]


@case
def a_pipe_as_package(folder):
    return ["check", fifo(folder)]


@case
def a_pipe_as_sealed_package(folder):
    os.mkfifo(folder / "x.age")
    return ["check", str(folder / "x.age"), "--key", written(folder / "key", "x")]


def _imported(folder, data):
    file = data if isinstance(data, str) else written(folder / "x.csv", data)
    return ["evidence", "import", file, "--into", str(package(folder)), "--map", "acled"]


@case
def empty_rows_to_import(folder):
    return _imported(folder, b"a,b\n" + b"\n" * (38 * MB))


@case
def many_rows_to_import(folder):
    return _imported(folder, b"event_date,admin2\n" + b"1,2\n" * 8_000_000)


@case
def many_columns_to_import(folder):
    return _imported(folder, ",".join(f"c{n}" for n in range(1_000_000)).encode() + b"\n")


@case
def a_device_to_import(folder):
    return _imported(folder, "/dev/zero")


@case
def a_device_as_mapping(folder):
    return [*_imported(folder, b"a\n1\n")[:-1], "/dev/zero"]


@case
def a_working_copy_that_is_a_view(folder):

    path = folder / "package.UNSEALED.sqlite"
    base = sqlite3.connect(path)
    base.execute(
        "CREATE VIEW meta AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT 'kind' AS key, hex(zeroblob(100000000)) AS value FROM n WHERE i > 1000000000"
    )
    base.commit()
    base.close()
    package(folder)
    return ["evidence", "save", str(folder / "package")]
