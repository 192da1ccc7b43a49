// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The consequence if image data is not in the format that its record declares.
public enum Inspection: Sendable, Hashable {
    /// The copy fails before the target gets a record.
    case refuses
    /// The copy is made, and its result reports the difference. For sources that already hold the
    /// data under such a record: the copy must be identical, and the owner may have mislabelled the
    /// image on purpose.
    case remarks
    /// No check: the pipeline file says that the data is meant to be as it is.
    case off
}
