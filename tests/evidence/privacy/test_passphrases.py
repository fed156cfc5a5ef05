"""Passphrases: easy ones are refused with the reason, others open however they were typed, and none stays behind."""

import os
import pty
import random
import re
import select
import subprocess
import sys
import textwrap
import time
import unicodedata

import pyrage
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from mnemonic import Mnemonic

from evidence.packages import good_package
from support.depth import at_length
from support.light_seal import light_seal
from underwatch.cli import main
from underwatch.errors import InputError
from underwatch.evidence.folder import read_files, write_files, zip_bytes
from underwatch.evidence.package import to_files
from underwatch.evidence.privacy.passphrases import LANGUAGES, check_passphrase, composed, make_passphrase
from underwatch.evidence.privacy.seal import new_key, open_bytes, seal, seal_bytes
from underwatch.evidence.privacy.sequences import as_keys, letters_that_count

KOREAN = "강가에서 주운 돌과 낡은 우산 셋"
EASY = {
    "shorter": [
        "tiny", "열두 글자 안 되는", "aB3$xY9!q", "각각각각각",
    ],
    "different letters": [
        "aaaaaaaaaaaa", "abababababab", "abcabcabcabc", "가가가가가가가가가가가가", "가나가나가나가나가나가나",
        "비밀번호비밀번호비밀번호", "111111112222", "ㅁㄴㅇㄹㅁㄴㅇㄹㅁㄴㅇㄹ", "secret secret secret",
    ],
    "sequence": [
        "abcdefghijkl", "zyxwvutsrqpo", "a b c d e f g h i j k l", "123456789012", "qwertyuiopas", "qwertyqwerty",
        "aabbccddeeffgg", "가나다라마바사아자차카타파하", "하파타카차자아사바마라다나가",
        "가갸거겨고교구규그기나냐너녀", "거너더러머버서어저처커터", "가각간갇갈감갑갓강갖갗갘",
        "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ", "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇ", "ㅏㅑㅓㅕㅗㅛㅜㅠㅡㅣㅏㅑ", "дежзийклмнопр",
        "あいうえおかきくけこさし", "동해물과백두산이마르고닳도록", "우리의소원은통일꿈에도소원은통일",
        "안녕하세요안녕하세요1234", "dkssudgktpdy1234", "조선민주주의인민공화국만세", "회령시온성군무산군혜산시",
        "hoeryong2024", "thequickbrownfoxjumps",
    ],
    "easy to guess": [
        "passwordpassword", "password1234", "iloveyou1234", "letmeinplease", "1q2w3e4r5t6y", "1ㅂ2ㅈ3ㄷ4ㄱ5ㅅ6ㅛ",
        "19840101198402", "ｐａｓｓｗｏｒｄ１２３４", "mysecretpassword", "underwatch2024",
    ],
}  # fmt: skip
GOOD = [
    "violin gravel tuesday orchid lamp", KOREAN, "xk3!mQz9pL2w", "the bridge at night was cold",
    "바다 건너 온 낡은 우산 하나", "천리길도 한걸음부터 시작한다", "Tr0ub4dor&3xyzw", "лодка под дождём у моста",
]  # fmt: skip


@pytest.mark.parametrize(("reason", "passphrase"), [(why, one) for why, many in EASY.items() for one in many])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_easy_passphrase_is_refused_with_the_reason_and_none_of_its_letters(reason, passphrase, form):
    typed = unicodedata.normalize(form, passphrase)
    with pytest.raises(InputError, match=reason) as caught:
        seal_bytes(b"x", typed)
    said = str(caught.value)
    assert "--make-passphrase" in said
    assert passphrase not in said
    assert typed not in said


@pytest.mark.parametrize("passphrase", GOOD)
def test_a_good_one_is_not_refused(passphrase):
    check_passphrase(passphrase)
    check_passphrase(unicodedata.normalize("NFD", passphrase))
    check_passphrase(passphrase * 40)  # only its beginning is judged: long ones take no longer


@pytest.mark.parametrize("language", LANGUAGES)
def test_six_words_are_drawn_from_the_whole_list_and_are_never_refused(language):
    wanted = {composed(word) for word in Mnemonic(LANGUAGES[language]).wordlist}
    assert len(wanted) == 2048
    drawn = [make_passphrase(language) for _ in range(400)]
    words = [word for one in drawn for word in one.split(" ")]
    assert len(words) == 2_400
    assert set(words) <= wanted
    # Of 2,048 words 2,400 even draws meet 2,048 (1 - (1 - 1 / 2,048) ** 2,400) = 1,414 (standard deviation 16).
    assert abs(len(set(words)) - 1_414) < 100
    assert len(set(drawn)) == 400
    assert all(unicodedata.is_normalized("NFC", one) for one in drawn)
    for one in drawn[:100]:
        check_passphrase(one)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("", 0), ("a", 1), ("aa", 1), ("abcdef", 2), ("acegik", 2), ("adxjm", 5), ("abcxyz", 4), ("가나다", 2),
        ("가너더", 3), ("xabcdqabcd", 6), ("김일성", 1), ("김일성 만세", 2),
    ],
)  # fmt: skip
def test_a_letter_that_follows_does_not_count(text, letters):
    assert letters_that_count(text) == letters


def test_hangul_is_typed_on_the_keys_of_a_two_set_keyboard():
    assert as_keys("안녕하세요") == "dkssudgktpdy"
    assert as_keys("값진 의자 왜") == "rkqtwls dmlwk dho"
    assert as_keys("abc") == "abc"


@given(st.text(max_size=30))
def test_a_text_is_judged_the_same_however_it_is_put_together(text):
    found = []
    for form in ("NFC", "NFD"):
        try:
            check_passphrase(unicodedata.normalize(form, text))
            found.append("")
        except InputError as error:
            found.append(str(error))
    assert found[0] == found[1]


@pytest.mark.deep
def test_a_passphrase_typed_decomposed_seals_composed():
    """And opens, as the next test has it: what was sealed composed is opened at the first trial."""
    sealed = seal_bytes(b"inside", unicodedata.normalize("NFD", KOREAN))
    assert bytes(pyrage.passphrase.decrypt(sealed, KOREAN)) == b"inside"


MIXED = unicodedata.normalize("NFD", KOREAN[:5]) + KOREAN[5:]


@pytest.mark.parametrize(
    ("sealed_with", "typed", "tried"),
    [
        (KOREAN, unicodedata.normalize("NFD", KOREAN), 1),
        (unicodedata.normalize("NFD", KOREAN), KOREAN, 2),
        (MIXED, MIXED, 3),
        ("correct horse", "correct horse", 1),
        ("correct horse", "another horse", 1),
        (MIXED, KOREAN, 2),
    ],
)
def test_each_way_to_write_it_is_tried_once_the_composed_first(monkeypatch, sealed_with, typed, tried):
    """Earlier versions sealed as the keyboard gave the letters. A trial takes a second, so trials are counted."""
    asked = []

    def decrypt(data, passphrase):
        asked.append(passphrase)
        if passphrase != sealed_with:
            raise pyrage.DecryptError("Decryption failed")
        return b"inside"

    monkeypatch.setattr(pyrage.passphrase, "decrypt", decrypt)
    data = b"age-encryption.org/v1\n-> scrypt bm9ub25vbm9ub25vbm9ubw 10\n" + b"A" * 43 + b"\n--- " + b"A" * 43 + b"\n"
    if sealed_with in (unicodedata.normalize(form, typed) for form in ("NFC", "NFD")) or sealed_with == typed:
        assert open_bytes(data, typed) == b"inside"
    else:
        with pytest.raises(InputError, match="wrong passphrase"):
            open_bytes(data, typed)
    assert len(asked) == len(set(asked)) == tried
    assert asked[0] == composed(typed)


@pytest.fixture
def folder(tmp_path):
    write_files(tmp_path / "p", to_files(good_package()))
    return tmp_path / "p"


# A key pair made for this test alone.
SSH = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMoSiKVthp9jvA9rEccW3ZQ+CHGb7zGW4p30835Gf6Jv test"
SSH_SECRET = (
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW"
    "QyNTUxOQAAACDKEoilbYafY7wPaxHHFt2UPghxm+8xluKd9PN+Rn+ibwAAAIgvGSh8Lxko"
    "fAAAAAtzc2gtZWQyNTUxOQAAACDKEoilbYafY7wPaxHHFt2UPghxm+8xluKd9PN+Rn+ibw"
    "AAAEDry1WXSmaG4b26HxTPSA4faYb1z7jByP3DkGyzivffWcoSiKVthp9jvA9rEccW3ZQ+"
    "CHGb7zGW4p30835Gf6JvAAAABHRlc3QB"
)


def test_an_ssh_recipient_is_refused_with_the_way_to_a_key_that_leaves_no_mark(folder, tmp_path):
    with pytest.raises(InputError, match="underwatch evidence key FILE") as caught:
        seal(folder, recipients=[SSH])
    assert "AAAAC3" not in str(caught.value)
    assert not (tmp_path / "p.age").exists()
    found = CliRunner().invoke(main, ["evidence", "seal", str(folder), "-r", "ssh-rsa AAAAB3NzaC1yc2E"])
    assert (found.exit_code, found.stderr.count("\n")) == (2, 1)
    # A file for a key of ours names nobody: two of them have no line of the header in common.
    recipient = new_key(tmp_path / "key")
    headers = [seal_bytes(b"x", recipients=[recipient]).split(b"\n---")[0].split(b"\n")[1:] for _ in range(2)]
    assert not set(headers[0]) & set(headers[1])


def test_a_file_that_was_sealed_for_an_ssh_key_still_opens(tmp_path):
    kind = "OPENSSH " + "PRIVATE KEY"
    lines = [SSH_SECRET[at : at + 70] for at in range(0, len(SSH_SECRET), 70)]
    (tmp_path / "id").write_text("\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""]))
    sealed = bytes(pyrage.encrypt(b"x", [pyrage.ssh.Recipient.from_str(SSH)]))
    assert open_bytes(sealed, key=tmp_path / "id") == b"x"


# What a process says at the moment when it reads a secret: the limit of core dumps that it set, what the limit is, and
# whether it could be dumped at first and can be now.
STATE = """
    import ctypes, io, resource, sys
    limits = []
    def watch(event, arguments):
        if event == "resource.setrlimit" and arguments[0] == resource.RLIMIT_CORE:
            limits.append(arguments[1])
        if event == "open" and str(arguments[0]) == "key":
            asked()
    sys.addaudithook(watch)
    dumpable = lambda: ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
    first = dumpable()
    def asked():
        print("asked", limits[0], resource.getrlimit(resource.RLIMIT_CORE), first, dumpable(), file=sys.stderr)
    class Pipe(io.StringIO):
        def readline(self, *most):
            asked()
            return super().readline(*most)
    sys.stdin = Pipe(sys.argv[1] + "\\n")
    from underwatch.cli import main
    main(sys.argv[2:])
"""


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    """A package sealed with a passphrase and for a key."""
    at = tmp_path_factory.mktemp("sealed")
    write_files(at / "p", to_files(good_package()))
    light = light_seal(zip_bytes(to_files(good_package())), "the bridge at night was cold", random.Random(1))
    (at / "a.age").write_bytes(light)
    seal(at / "p", at / "b.age", recipients=[new_key(at / "key")])
    return at


@pytest.mark.parametrize(
    ("line", "typed", "code"),
    [
        ("seal p --out c.age", "short", 2),
        ("check a.age", "the bridge at night was cold", 0),
        ("open b.age --key key --out o", "", 0),
    ],
)
def test_core_dumps_are_off_before_a_secret_is_read(sealed, line, typed, code):
    command = [sys.executable, "-c", textwrap.dedent(STATE), typed, "evidence", *line.split()]
    done = subprocess.run(command, cwd=sealed, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    asked = [told for told in done.stderr.splitlines() if told.startswith("asked")]
    assert asked
    dumpable = "1 0" if sys.platform == "linux" else "-1 -1"
    assert set(asked) == {f"asked (0, 0) (0, 0) {dumpable}"}


def at_a_terminal(words, answers, cwd):
    """Run a command on a terminal of its own, answer its questions, and return exit code and all that was shown.

    An answer is a text, or a function of what was shown so far.
    """
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(cwd)
        os.execv(sys.executable, [sys.executable, "-m", "underwatch", *words])
    shown, waiting, end = "", list(answers), time.monotonic() + 120
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                break
            if not data:
                break
            shown += data.decode()
        if waiting and re.search(waiting[0][0], shown):
            answer = waiting.pop(0)[1]
            os.write(terminal, ((answer(shown) if callable(answer) else answer) + "\n").encode())
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown


def words_in(shown):
    """The six words on the second screen."""
    return re.search(r"\x1b\[\?1049h\x1b\[H\x1b\[2J(.+?)\r\n", shown)[1]


@pytest.mark.parametrize("how", ["asked for", at_length("Enter alone")])
def test_six_words_are_made_shown_once_and_kept_nowhere(folder, tmp_path, how):
    language = "ko" if how == "asked for" else "en"
    words = ["evidence", "seal", "p", *(["--make-passphrase", language] if how == "asked for" else [])]
    answers = [] if how == "asked for" else [("words are made", "")]
    answers += [("press Enter", ""), ("wrote down: ", words_in)]
    code, shown = at_a_terminal(words, answers, tmp_path)
    assert code == 0, shown
    made = words_in(shown)
    known = {composed(word) for word in Mnemonic(LANGUAGES[language]).wordlist}
    assert len(made.split(" ")) == 6
    assert set(made.split(" ")) <= known
    assert "66 bits" in shown
    # Shown once, on the second screen, which is wiped before the first one comes back.
    assert shown.count(made) == 1
    assert shown.index(made) < shown.index("\x1b[2J\x1b[?1049l")
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in written if made.encode() in path.read_bytes()]
    assert open_bytes((tmp_path / "p.age").read_bytes(), made)
    assert read_files(folder)


def test_words_that_nobody_wrote_down_seal_nothing(folder, tmp_path):
    answers = [("press Enter", ""), ("wrote down: ", "something else altogether")]
    code, shown = at_a_terminal(["evidence", "seal", "p", "--make-passphrase", "en"], answers, tmp_path)
    assert code == 2
    assert "nothing was sealed" in shown
    assert not (tmp_path / "p.age").exists()


def test_a_passphrase_typed_twice_must_be_the_same(folder, tmp_path):
    answers = [("words are made", "the bridge at night was cold"), ("again: ", "the bridge at night was warm")]
    code, shown = at_a_terminal(["evidence", "seal", "p"], answers, tmp_path)
    assert (code, "another passphrase" in shown) == (2, True)
    assert "bridge" not in shown
    code, shown = at_a_terminal(["evidence", "seal", "p"], [("words are made", "password1234")], tmp_path)
    assert (code, "easy to guess" in shown) == (2, True)


def test_without_a_terminal_no_words_are_made(folder):
    command = [sys.executable, "-m", "underwatch", "evidence", "seal", str(folder), "--make-passphrase", "en"]
    done = subprocess.run(command, capture_output=True, text=True, input="", start_new_session=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is none" in done.stderr


@pytest.mark.parametrize("typed", [b"\xff\xfe\n", b"x" * 5000 + b"\n", b"\n"])
def test_what_is_no_passphrase_is_one_line(folder, typed):
    done = subprocess.run(
        [sys.executable, "-m", "underwatch", "evidence", "seal", str(folder)],
        input=typed,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1), done.stderr
    assert not folder.with_name("p.age").exists()


@pytest.mark.parametrize(
    "passphrase",
    ["correct horse battery staple", "19450815-19500625", "010-1234-5678-9", "hello world hello", "йцукенгшщзхъ"],
)
def test_what_a_reviewer_got_through_is_refused(passphrase):
    with pytest.raises(InputError, match="make-passphrase"):
        check_passphrase(passphrase)
