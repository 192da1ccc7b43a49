// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The cause of an error that says that a target has no room for any more data. The run then leaves
/// the other images of that target for later.
public struct FullTarget: Error {
    public init() {}
}
