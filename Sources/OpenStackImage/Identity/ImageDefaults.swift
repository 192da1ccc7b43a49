// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// What a cloud's entry says of images that say nothing themselves.
public struct ImageDefaults: Sendable, Hashable {
    /// `image_format` of the entry; qcow2 without one, as in openstacksdk.
    public var diskFormat: String
    /// `container_format` of the entry; bare without one.
    public var containerFormat: String
    /// `disable_vendor_agent` of the entry: the properties by which this cloud
    /// is told not to expect its own agent in a server.
    public var withoutVendorAgent: [String: String]

    /// What is left out is as in openstacksdk.
    public init(
        diskFormat: String = "qcow2", containerFormat: String = "bare",
        withoutVendorAgent: [String: String] = [:]
    ) {
        self.diskFormat = diskFormat
        self.containerFormat = containerFormat
        self.withoutVendorAgent = withoutVendorAgent
    }
}

extension ImageDefaults {
    init(_ fields: CloudFields) {
        self.init()
        if let format = fields["image_format"] { diskFormat = format }
        if let format = fields["container_format"] { containerFormat = format }
        withoutVendorAgent = (fields.entry["disable_vendor_agent"]?.mapping ?? [:])
            .compactMapValues(\.text)
    }
}
