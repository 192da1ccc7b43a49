// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import FoundationEssentials

extension CloudFiles {
    /// The maximum size. A real clouds.yaml is smaller; a file at a wrong path may not be.
    static let fileBytesMax = 4 << 20

    /// Finds and reads the files. Blocks for a moment; needs no network.
    ///
    /// Searches these directories for each of the three files: the working directory,
    /// `$XDG_CONFIG_HOME/openstack`, `~/.config/openstack`, `$XDG_CONFIG_DIRS/openstack`,
    /// `/etc/openstack`; each with `.yaml`, `.yml`, `.json`. The first file found counts.
    /// `OS_CLIENT_CONFIG_FILE`, `OS_CLIENT_SECURE_FILE` and `OS_CLIENT_VENDOR_FILE` name files
    /// directly.
    ///
    /// - Throws: ``TranshipError/Code/invalidCloudsFile`` if a file named by a variable is missing,
    ///   or if a file cannot be parsed.
    public static func load(
        environment: [String: String], workingDirectory: String? = nil
    ) throws(TranshipError) -> CloudFiles {
        let directories = searchPath(
            environment, workingDirectory ?? FileManager.default.currentDirectoryPath)
        var paths: [String] = []
        var unreadable: [String] = []
        func read(_ stem: String, _ variable: String) throws(TranshipError) -> CloudEntry? {
            if let named = environment[variable], !named.isEmpty {
                let path = expandingHome(named, environment)
                guard let entry = try contents(path) else {
                    throw TranshipError(
                        .invalidCloudsFile, "\(variable) names \(path), which cannot be read",
                        hint: "correct \(variable), or unset it to search the usual places")
                }
                paths.append(path)
                return entry
            }
            for directory in directories {
                for suffix in ["yaml", "yml", "json"] {
                    let path = "\(directory)/\(stem).\(suffix)"
                    guard FileManager.default.fileExists(atPath: path) else { continue }
                    if let entry = try contents(path) {
                        paths.append(path)
                        return entry
                    }
                    unreadable.append(path)
                }
            }
            return nil
        }
        let clouds = try read("clouds", "OS_CLIENT_CONFIG_FILE")
        let secure = try read("secure", "OS_CLIENT_SECURE_FILE")
        let publicClouds = try read("clouds-public", "OS_CLIENT_VENDOR_FILE")
        return try CloudFiles(
            clouds: clouds, secure: secure, publicClouds: publicClouds, environment: environment,
            paths: paths, unreadablePaths: unreadable)
    }

    /// Returns the directories to search, in order and without repetition.
    static func searchPath(_ environment: [String: String], _ workingDirectory: String) -> [String]
    {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        let home = value("HOME")
        var path = [workingDirectory]
        if let directory = value("XDG_CONFIG_HOME") { path.append("\(directory)/openstack") }
        if let home { path.append("\(home)/.config/openstack") }
        for directory in (value("XDG_CONFIG_DIRS") ?? "/etc/xdg").split(separator: ":") {
            path.append("\(directory)/openstack")
        }
        path.append("/etc/openstack")
        var seen: Set<String> = []
        return path.filter { seen.insert($0).inserted }
    }

    static func expandingHome(_ path: String, _ environment: [String: String]) -> String {
        guard path == "~" || path.hasPrefix("~/"), let home = environment["HOME"] else {
            return path
        }
        return home + path.dropFirst()
    }

    /// Reads and checks a file. Returns nil if it cannot be read.
    private static func contents(_ path: String) throws(TranshipError) -> CloudEntry? {
        let data: [UInt8]
        do {
            data = try WholeFile.read(path, bytesMax: fileBytesMax)
        } catch {
            if case .unreadable = error { return nil }
            throw TranshipError(
                .invalidCloudsFile, "\(path) is not a clouds file: it \(error.words)",
                hint: "put the file with \"clouds:\" there, or name it in OS_CLIENT_CONFIG_FILE")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            let isUTF16 = data.starts(with: [0xff, 0xfe]) || data.starts(with: [0xfe, 0xff])
            throw TranshipError(
                .invalidCloudsFile,
                "\(path) is not a clouds file: \(data.count) bytes, which are "
                    + (isUTF16 ? "UTF-16" : "not UTF-8 text"),
                hint: isUTF16
                    ? "save it as UTF-8"
                    : "put the file with \"clouds:\" there, or save it as UTF-8 text")
        }
        let entry = try CloudEntry(yaml: text, file: path)
        guard entry.mapping != nil else {
            throw TranshipError(
                .invalidCloudsFile, "\(path) has no mapping at its top level",
                hint: "start it with \"clouds:\", then one indented entry for each cloud")
        }
        for key in ["clouds", "public-clouds"] {
            guard let clouds = entry[key], clouds.mapping == nil else { continue }
            throw TranshipError(
                .invalidCloudsFile,
                "\(path): \(key) is \(clouds.shape), and must have one entry per cloud",
                hint:
                    "write the name of each cloud as an indented key below \"\(key):\", without a dash"
            )
        }
        return entry
    }
}
