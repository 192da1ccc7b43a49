// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// What follows if image data is not what its record declares.
public enum Inspection: Sendable, Hashable {
    /// The copy fails before the target gets a record.
    case refuses
    /// The copy is made, and its result says so. For sources that already hold the data under
    /// such a record: the copy has to be identical, and the owner may have mislabelled it on purpose.
    case remarks
    /// The pipeline file says that the data is meant as it is.
    case off
}
