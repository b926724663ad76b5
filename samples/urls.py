from django.urls import re_path

from samples.pages import downloads, gallery, tags, views

app_name = "samples"
_samples = "datasets/(?P<dataset_id>[a-f0-9]{24})/samples"
_tag = f"{_samples}/tags/(?P<tag_id>[a-f0-9]{{24}})"
_sample = f"{_samples}/(?P<sample_id>[a-f0-9]{{24}})"
_formats = "|".join(each.slug for each in downloads.FORMATS)
urlpatterns = [
    re_path(rf"^{_samples}/$", views.samples, name="samples"),
    re_path(rf"^{_samples}/plot\.csv$", downloads.plot_table, name="plot"),
    re_path(rf"^{_samples}/tags/new/(?P<how>names|tags|filter)/$", tags.create, name="create"),
    re_path(rf"^{_tag}/$", gallery.tag, name="tag"),
    re_path(rf"^{_tag}/rename/$", tags.rename, name="rename"),
    re_path(rf"^{_tag}/delete/$", tags.delete, name="delete"),
    re_path(rf"^{_tag}/export/(?P<file_format>{_formats})/$", downloads.export, name="export"),
    re_path(rf"^{_sample}/$", gallery.sample, name="sample"),
    re_path(rf"^{_sample}/original/$", gallery.original, name="original"),
    re_path(rf"^{_sample}/(?P<size>thumbnail|preview)/$", gallery.picture, name="picture"),
    re_path(rf"^{_sample}/(?P<size>thumbnail|preview)/tile/$", gallery.tile, name="tile"),
]
