// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct V1Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "v1",
        abstract: "Images of a legacy cloud: Images API v1, until 2018.",
        subcommands: [
            V1ListCommand.self, V1ShowCommand.self, V1CreateCommand.self, V1UpdateCommand.self,
            V1DeleteCommand.self, V1DownloadCommand.self, V1MembersCommand.self,
            V1SharedCommand.self,
        ])
}

extension CloudOptions {
    /// The Image service of a legacy cloud. Nothing is sent yet.
    func legacyService() throws(TranshipError) -> LegacyImageService {
        LegacyImageService(try service().session)
    }
}

extension LegacyImage {
    func put(_ format: RecordFormat) {
        var fields = record
        fields["properties"] = nil
        Record(
            table: fields, properties: properties.mapValues(JSONValue.string), json: record
        ).put(format)
    }
}
