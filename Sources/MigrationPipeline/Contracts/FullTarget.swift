// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The cause of an error that reports a target without room for more data. The run then leaves the
/// target's other images for later.
public struct FullTarget: Error {
    public init() {}
}
