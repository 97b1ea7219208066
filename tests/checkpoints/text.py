"""BERT with a classifier, as transformers saves it."""

from pathlib import Path

import torch
from torch import nn

from assistant.models.quiet import undisturbed

POLARITIES = ("正向", "负向", "中性", "激动")


def bert(folder: Path, labels: tuple[str, ...] = POLARITIES) -> Path:
    """Write a BERT classifier over `labels` that reads at most 30 characters."""
    with undisturbed():
        from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"今天天气真好我很难过你是谁"]
    words = folder / "vocab.txt"
    words.write_text("\n".join(dict.fromkeys(vocabulary)), encoding="utf-8")
    tokenizer = BertTokenizer(str(words), model_max_length=32)
    tokenizer.save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        network = BertForSequenceClassification(
            BertConfig(
                vocab_size=len(tokenizer),
                hidden_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=32,
                max_position_embeddings=34,
                id2label=dict(enumerate(labels)),
                label2id={label: index for index, label in enumerate(labels)},
            )
        )
        nn.init.normal_(network.classifier.weight)
    network.save_pretrained(folder)
    return folder
