// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A place where a cloud keeps image data
/// (<https://docs.openstack.org/api-ref/image/v2/#list-stores>).
public struct ImageStore: Sendable, Hashable, Identifiable {
    /// What `stores` of an image and `X-Image-Meta-Store` name.
    public let id: String
    /// The operator's words.
    public let description: String?
    /// Takes what names no store.
    public let isDefault: Bool
    /// Gives data and takes none.
    public let isReadOnly: Bool
    /// `file`, `rbd`, `s3`, …; shown to admins only.
    public let type: String?
    /// Shown to admins only.
    public let weight: Int64?
    /// Shown to admins only: chunk sizes, pools, thin provisioning.
    public let properties: [String: JSONValue]
    /// The answer as it came.
    public let record: [String: JSONValue]
}
