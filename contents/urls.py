from django.urls import re_path

from contents.gallery import views as gallery
from contents.outputs import views as outputs
from contents.overview import inside_views as inside
from contents.overview import settings
from contents.overview import views as overview
from contents.problems import views as problems
from contents.thumbnails import views as thumbnails

app_name = "contents"
_contents = "datasets/(?P<dataset_id>[a-f0-9]{24})/contents/(?P<tab>input|lightly)"
_picture = f"{_contents}/(?P<size>thumbnail|preview)/(?P<row>[0-9]{{1,18}})"
_team = "notifications/settings/(?P<team_id>[a-f0-9]{24})"
urlpatterns = [
    re_path(rf"^{_team}/indexing/$", settings.indexing, name="indexing"),
    re_path(rf"^{_contents}/$", overview.contents, name="contents"),
    re_path(rf"^{_contents}/progress/$", overview.progress, name="progress"),
    re_path(rf"^{_contents}/index/$", overview.start, name="start"),
    re_path(rf"^{_contents}/reading/$", inside.reading, name="reading"),
    re_path(rf"^{_contents}/reading/sample/$", inside.read_sample, name="read-sample"),
    re_path(rf"^{_contents}/reading/all/$", inside.read_all, name="read-all"),
    re_path(rf"^{_contents}/reading/pause/$", inside.pause, name="pause"),
    re_path(rf"^{_contents}/gallery/$", gallery.gallery, name="gallery"),
    re_path(rf"^{_contents}/file/$", gallery.file, name="file"),
    re_path(rf"^{_contents}/original/$", gallery.original, name="original"),
    re_path(rf"^{_picture}/$", thumbnails.picture, name="picture"),
    re_path(rf"^{_picture}/tile/$", thumbnails.tile, name="tile"),
    re_path(rf"^{_contents}/outputs/$", outputs.outputs, name="outputs"),
    re_path(rf"^{_contents}/outputs/thumbnails/$", outputs.thumbnails, name="thumbnails"),
    re_path(rf"^{_contents}/outputs/thumbnails/write/$", outputs.write_thumbnails, name="write-thumbnails"),
    re_path(rf"^{_contents}/outputs/frames/$", outputs.frames, name="frames"),
    re_path(rf"^{_contents}/outputs/frames/write/$", outputs.write_frames, name="write-frames"),
    re_path(rf"^{_contents}/frames/$", outputs.frame_list, name="frame-list"),
    re_path(rf"^{_contents}/frames\.csv$", outputs.frame_csv, name="frame-csv"),
    re_path(rf"^{_contents}/search/$", problems.search, name="search"),
    re_path(rf"^{_contents}/(?P<slug>[a-z-]+)\.(?P<shape>csv|json)$", problems.export, name="export"),
    re_path(rf"^{_contents}/(?P<slug>[a-z-]+)/$", problems.files, name="files"),
]
