"""The picture shows every team, every p and every share; the format follows the file's name."""

from collections import Counter
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.image import imread
from scipy import ndimage

from hnseg.errors import InputError
from hnseg.evaluation.ranking.methods import DSC, HD95, METHODS
from hnseg.evaluation.ranking.picture import draw_ranking
from hnseg.evaluation.ranking.ranking import Settings, rank_table
from hnseg.evaluation.ranking.report import RankingReport
from hnseg.evaluation.ranking.scores_table import ScoresTable

HAN_SEG = METHODS["han-seg"]
METRICS = (DSC, HD95)
BETTER = (0, 0x72, 0xB2)


def _report(*, teams: int = 3, draws: int = 20) -> RankingReport:
    """Teams of which each is better than the next in all of eight cases."""
    rng = np.random.default_rng(0)
    behind = np.arange(teams)[:, None]
    dsc = rng.uniform(0.8, 0.9, 8) - 0.02 * behind - 0.001 * rng.uniform(size=(teams, 8))
    hd95_mm = rng.uniform(1, 9, 8) + behind + 0.1 * rng.uniform(size=(teams, 8))
    items = tuple((f"c{case}", "Lips") for case in range(8))
    table = ScoresTable(METRICS, tuple(f"team {i:02d}" for i in range(teams)), items, np.array([dsc, hd95_mm]))
    return rank_table(table, Settings(HAN_SEG, draws=draws))


def _texts(path) -> Counter:
    return Counter(element.text for element in ET.parse(path).iter("{http://www.w3.org/2000/svg}text"))


def test_every_team_p_and_share_is_written(tmp_path):
    draw_ranking(_report(), METRICS, tmp_path / "ranking.svg")
    texts = _texts(tmp_path / "ranking.svg")
    assert {f"team 0{i}": texts[f"team 0{i}"] for i in range(3)} == {f"team 0{i}": 6 for i in range(3)}
    # Better in all of eight cases: p = 3 * 2 / 2^8, in three pairs of two metrics, twice each.
    assert texts[".023"] == 12
    assert texts["100 %"] == 6
    assert texts["DSC: is the row better than the column?"] == 1
    assert texts["Ranks by 8 patients: Kendall's tau 1.00 (1.00 to 1.00)"] == 1


def test_without_bootstrap_there_are_the_maps_alone(tmp_path):
    draw_ranking(_report(draws=0), METRICS, tmp_path / "ranking.svg")
    texts = _texts(tmp_path / "ranking.svg")
    assert texts["team 00"] == 4
    assert texts["HD95: is the row better than the column?"] == 1
    assert not any("draws" in (text or "") for text in texts)


def test_many_teams_leave_the_numbers_out(tmp_path):
    draw_ranking(_report(teams=14, draws=5), METRICS, tmp_path / "ranking.svg")
    texts = _texts(tmp_path / "ranking.svg")
    assert texts["team 13"] == 6
    assert not any("%" in (text or "") for text in texts if text != "95 % of draws")
    assert texts["1"] == 2  # the ranks below the lower panels; no p


def test_a_png_has_a_blue_cell_for_each_win(tmp_path):
    draw_ranking(_report(draws=0), METRICS, tmp_path / "ranking.png")
    pixels = (imread(tmp_path / "ranking.png")[..., :3] * 255).round().astype(int)
    pieces, count = ndimage.label((pixels == BETTER).all(axis=-1))
    areas = np.bincount(pieces.ravel())[1:]
    assert (areas > 2000).sum() == 6  # a cell has 6000 pixels; the legend and the inside of digits have fewer
    assert count > 6


def test_the_same_report_gives_the_same_bytes(tmp_path):
    report = _report(draws=5)
    for name in ("a.svg", "b.svg"):
        draw_ranking(report, METRICS, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_style_that_the_process_has_changes_nothing(tmp_path):
    report = _report(draws=5)
    draw_ranking(report, METRICS, tmp_path / "plain.svg")
    with mpl.rc_context({"axes.grid": True, "font.size": 25, "axes.facecolor": "pink"}):
        draw_ranking(report, METRICS, tmp_path / "styled.svg")
    assert (tmp_path / "styled.svg").read_bytes() == (tmp_path / "plain.svg").read_bytes()


def test_another_format_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"must end in \.png or \.svg, found 'ranking\.pdf'"):
        draw_ranking(_report(draws=0), METRICS, tmp_path / "ranking.pdf")


def test_a_file_that_cant_be_written_is_the_systems_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="No such file or directory"):
        draw_ranking(_report(draws=0), METRICS, tmp_path / "nowhere" / "ranking.svg")
