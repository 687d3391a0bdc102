/*
 * The functions behind the commands, for the table in control/command.c. Each
 * returns the exit status and has said on standard error why when it is not
 * STATUS_DONE. What they do is in sendward(1).
 */
#ifndef SENDWARD_CONTROL_COMMANDS_H
#define SENDWARD_CONTROL_COMMANDS_H

struct control;

int command_user_add(struct control *control);
int command_user_set(struct control *control);
int command_user_show(struct control *control);
int command_user_list(struct control *control);
int command_user_delete(struct control *control);
int command_password_set(struct control *control);
int command_password_generate(struct control *control);
int command_password_verify(struct control *control);
int command_password_list(struct control *control);
int command_credential_add(struct control *control);
int command_credential_set(struct control *control);
int command_credential_list(struct control *control);
int command_credential_block(struct control *control);
int command_credential_allow(struct control *control);
int command_credential_rotate(struct control *control);
int command_credential_revoke(struct control *control);
int command_identity_add(struct control *control);
int command_identity_set(struct control *control);
int command_identity_show(struct control *control);
int command_identity_list(struct control *control);
int command_identity_delete(struct control *control);
int command_block(struct control *control);
int command_sandbox(struct control *control);
int command_allow(struct control *control);
int command_usage(struct control *control);
int command_reset(struct control *control);
int command_explain(struct control *control);
int command_events(struct control *control);
int command_compromised(struct control *control);
int command_release(struct control *control);
int command_sent(struct control *control);
int command_status(struct control *control);
int command_check_config(struct control *control);
int command_doctor(struct control *control);
int command_export(struct control *control);
int command_import(struct control *control);
int command_import_senders(struct control *control);
int command_reindex(struct control *control);
int command_reload(struct control *control);

#endif
