from django.urls import re_path

from contents.annotation_pages import findings as annotation_findings
from contents.annotation_pages import views as annotations
from contents.filmstrips import views as filmstrips
from contents.frames import views as frames
from contents.gallery import covers, viewer
from contents.gallery import views as gallery
from contents.outputs import views as outputs
from contents.overlays import views as overlays
from contents.overview import inside_views as inside
from contents.overview import settings
from contents.overview import views as overview
from contents.problems import views as problems
from contents.relevant_tests import views as relevant
from contents.thumbnails import views as thumbnails

app_name = "contents"
_contents = "datasets/(?P<dataset_id>[a-f0-9]{24})/contents/(?P<tab>input|lightly)"
_annotations = "datasets/(?P<dataset_id>[a-f0-9]{24})/contents/annotations"
_relevant = "datasets/(?P<dataset_id>[a-f0-9]{24})/contents/relevant-filenames"
_picture = f"{_contents}/(?P<size>thumbnail|preview)/(?P<row>[0-9]{{1,18}})"
_team = "notifications/settings/(?P<team_id>[a-f0-9]{24})"
urlpatterns = [
    re_path(rf"^{_team}/indexing/$", settings.indexing, name="indexing"),
    re_path(rf"^{_annotations}/$", annotations.report, name="annotations"),
    re_path(rf"^{_annotations}/progress/$", annotations.progress, name="annotations_progress"),
    re_path(rf"^{_annotations}/check/$", annotations.start, name="check_annotations"),
    re_path(rf"^{_annotations}/findings/$", annotation_findings.findings, name="annotation_findings"),
    re_path(
        rf"^{_annotations}/findings\.(?P<shape>csv|json)$",
        annotation_findings.export,
        name="export_annotation_findings",
    ),
    re_path(rf"^{_relevant}/$", relevant.tester, name="relevant"),
    re_path(rf"^{_relevant}/progress/$", relevant.progress, name="relevant_progress"),
    re_path(rf"^{_relevant}/corrected/$", relevant.download, name="download_relevant"),
    re_path(rf"^{_relevant}/save/$", relevant.save, name="save_relevant"),
    re_path(r"^datasets/(?P<dataset_id>[a-f0-9]{24})/cover/$", covers.cover, name="cover"),
    re_path(rf"^{_contents}/$", overview.contents, name="contents"),
    re_path(rf"^{_contents}/progress/$", overview.progress, name="progress"),
    re_path(rf"^{_contents}/index/$", overview.start, name="start"),
    re_path(rf"^{_contents}/reading/$", inside.reading, name="reading"),
    re_path(rf"^{_contents}/reading/sample/$", inside.read_sample, name="read-sample"),
    re_path(rf"^{_contents}/reading/all/$", inside.read_all, name="read-all"),
    re_path(rf"^{_contents}/reading/pause/$", inside.pause, name="pause"),
    re_path(rf"^{_contents}/gallery/$", gallery.gallery, name="gallery"),
    re_path(rf"^{_contents}/file/$", viewer.file, name="file"),
    re_path(rf"^{_contents}/original/$", viewer.original, name="original"),
    re_path(rf"^{_contents}/read-url/$", viewer.read_url, name="read_url"),
    re_path(rf"^{_picture}/$", thumbnails.picture, name="picture"),
    re_path(rf"^{_picture}/tile/$", thumbnails.tile, name="tile"),
    re_path(rf"^{_contents}/frame/(?P<row>[0-9]{{1,18}})/$", frames.frame, name="frame"),
    re_path(
        rf"^{_contents}/frame/(?P<row>[0-9]{{1,18}})/(?P<number>[0-9]{{1,7}})/$", frames.picture, name="frame-picture"
    ),
    re_path(rf"^{_contents}/outputs/$", outputs.outputs, name="outputs"),
    re_path(rf"^{_contents}/outputs/thumbnails/$", outputs.thumbnails, name="thumbnails"),
    re_path(rf"^{_contents}/outputs/thumbnails/write/$", outputs.write_thumbnails, name="write-thumbnails"),
    re_path(rf"^{_contents}/outputs/frames/$", outputs.frames, name="frames"),
    re_path(rf"^{_contents}/outputs/frames/write/$", outputs.write_frames, name="write-frames"),
    re_path(rf"^{_contents}/frames/$", outputs.frame_list, name="frame-list"),
    re_path(rf"^{_contents}/frames\.csv$", outputs.frame_csv, name="frame-csv"),
    re_path(rf"^{_contents}/overlay/(?P<row>[0-9]{{1,18}})/$", overlays.overlay, name="overlay"),
    re_path(rf"^{_contents}/filmstrip/(?P<row>[0-9]{{1,18}})/$", filmstrips.filmstrip, name="filmstrip"),
    re_path(rf"^{_contents}/filmstrip/(?P<row>[0-9]{{1,18}})/(?P<number>[0-9])/$", filmstrips.still, name="still"),
    re_path(rf"^{_contents}/search/$", problems.search, name="search"),
    re_path(rf"^{_contents}/(?P<slug>[a-z-]+)\.(?P<shape>csv|json)$", problems.export, name="export"),
    re_path(rf"^{_contents}/(?P<slug>[a-z-]+)/$", problems.files, name="files"),
]
