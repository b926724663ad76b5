import core.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """The table is made anew: no release has had it."""

    dependencies = [
        ('datasets', '0005_samples_counted'),
        ('samples', '0002_told_by_scripts'),
    ]

    operations = [
        migrations.DeleteModel(name='SamplePrediction'),
        migrations.CreateModel(
            name='SamplePrediction',
            fields=[
                ('id', models.CharField(default=core.ids.new_id, editable=False, max_length=24, primary_key=True, serialize=False)),
                ('task_name', models.CharField(max_length=255)),
                ('singletons', models.JSONField(default=list)),
                ('modified_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='datasets.dataset')),
                ('sample', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='predictions', to='samples.sample')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('sample', 'task_name'), name='samples_have_predictions')],
            },
        ),
    ]
