// Runs once, when the data are new: a user per service that may touch that service's database and nothing else.
const prefix = "SVOY_MONGO_PASSWORD_";

for (const name of Object.keys(process.env).filter((name) => name.startsWith(prefix)).sort()) {
  const database = "svoy_" + name.slice(prefix.length).toLowerCase();
  if (!process.env[name]) throw new Error(name + " is empty");
  db.getSiblingDB(database).createUser({
    user: database,
    pwd: process.env[name],
    roles: [{ role: "readWrite", db: database }],
  });
}
