"""The callbacks for Lightning and for Hugging Face's Trainer, in these loops themselves, where they are installed."""

import pytest
import torch
from neurograph.search.datasets import load
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from neurograph import compiler
from neurograph.builders import mlp

DATA = load("digits:120").flat()
GROWS = {"first_cycle": 1, "cycle": 1, "slope": 9.0, "newborns": 3, "growth_limit": 20}


def test_a_lightning_module_grows(tmp_path):
    lightning = pytest.importorskip("lightning.pytorch")
    from neurograph.search.loops.lightning import GrowthCallback

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = compiler.compile(mlp([64, 8, 10], activation="relu", seed=0))

        def training_step(self, batch, _):
            return F.cross_entropy(self.net(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=0.01)

    module, growth = Module(), GrowthCallback(DATA, **GROWS)
    loader = DataLoader(TensorDataset(DATA.train_x, DATA.train_y), batch_size=32)
    silent = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    quiet = dict.fromkeys(silent, False)
    trainer = lightning.Trainer(max_epochs=4, accelerator="cpu", callbacks=[growth], default_root_dir=tmp_path, **quiet)
    trainer.fit(module, loader)
    assert len(growth.grower.rows) == 4 and growth.grower.events
    assert len(module.net.graph.population("hidden1")) > 8
    losses = [row["train_loss"] for row in growth.grower.rows]
    assert losses[-1] < losses[0]


def test_a_model_of_hugging_face_s_trainer_grows(tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    from neurograph.search.loops.transformers import GrowthCallback

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = compiler.compile(mlp([64, 8, 10], activation="relu", seed=0))

        def forward(self, x, labels):
            answers = self.net(x)
            return {"loss": F.cross_entropy(answers, labels), "logits": answers}

    rows = [{"x": x, "labels": y} for x, y in zip(DATA.train_x, DATA.train_y, strict=True)]
    growth, model = GrowthCallback(DATA, **GROWS), Model()
    options = transformers.TrainingArguments(
        str(tmp_path), num_train_epochs=4, logging_steps=4, learning_rate=0.01, per_device_train_batch_size=32,
        report_to=[], save_strategy="no", use_cpu=True, disable_tqdm=True,
    )  # fmt: skip
    transformers.Trainer(model, options, train_dataset=rows, callbacks=[growth]).train()
    assert growth.grower.events and len(model.net.graph.population("hidden1")) > 8
