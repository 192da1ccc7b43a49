// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import LabSupport
import Testing

/// The built command against two real clouds, from an operator's view.
///
/// One test at a time, because they share the clouds and depend on time, memory and signals. Each
/// makes images under a name of its own, selects by that name, and removes them in the end.
@Suite(.serialized, .enabled(if: Lab.isUp, "needs the lab: scripts/lab up"))
enum EndToEndTests {}
