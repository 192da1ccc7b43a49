// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// Single fields, for those who do not care for patches.
extension ImageService {
    /// Leaves the image out of lists that do not ask for hidden ones.
    @discardableResult
    public func hide(_ id: String) async throws(TranshipError) -> Image {
        try await update(id, [.replace("os_hidden", true)])
    }

    /// Shows it in lists again.
    @discardableResult
    public func unhide(_ id: String) async throws(TranshipError) -> Image {
        try await update(id, [.replace("os_hidden", false)])
    }

    /// Makes the service refuse to delete it, to its owner as well.
    @discardableResult
    public func protect(_ id: String) async throws(TranshipError) -> Image {
        try await update(id, [.replace("protected", true)])
    }

    /// Allows its deletion again.
    @discardableResult
    public func unprotect(_ id: String) async throws(TranshipError) -> Image {
        try await update(id, [.replace("protected", false)])
    }

    /// - Throws: ``TranshipError/Code/forbidden`` for a visibility that this
    ///   user may not give.
    @discardableResult
    public func setVisibility(
        _ id: String, _ visibility: ImageVisibility
    ) async throws(TranshipError) -> Image {
        try await update(id, [.replace("visibility", .string(visibility.rawValue))])
    }

    /// Sets fields and properties by their names in the API, as openstacksdk's
    /// `update_image_properties` does: ``NewImage/set(_:)`` says how values are
    /// read, `untyped` ones are sent as they are and win. `kernel` and
    /// `ramdisk` name images, by name or id, whose ids become `kernel_id` and
    /// `ramdisk_id`. What the image says already is not sent, nor is anything
    /// where that is all.
    ///
    /// - Throws: as ``update(_:_:)`` and ``find(_:)``.
    @discardableResult
    public func setValues(
        _ id: String, _ values: [String: JSONValue], untyped: [String: JSONValue] = [:]
    ) async throws(TranshipError) -> Image {
        let current = try await image(id)
        var values = values
        for key in ["kernel", "ramdisk"] {
            guard let name = values.removeValue(forKey: key)?.string else { continue }
            values["\(key)_id"] = .string(try await find(name).id)
        }
        var wanted = NewImage()
        try wanted.set(values)
        wanted.untyped.merge(untyped) { $1 }
        return try await update(id, PatchOperation.setting(wanted.record, in: current))
    }
}
